/// What a run has yet to do and to say, apart from learning.
struct RunMarks: Codable, Sendable, Equatable {
  /// The steps from which on the next evaluation is due.
  var nextEvaluation: Int
  /// The last evaluation.
  var lastEvaluation: EvaluationMark?
  /// The evaluation that `best.safetensors` was saved for.
  var best: EvaluationMark?
  /// What has been said of skipped updates.
  var skipped = SkippedUpdates()
}

/// An evaluation: of which weights, and what came of it.
struct EvaluationMark: Codable, Sendable, Equatable {
  /// The steps that its weights had learnt from.
  var steps: Int
  /// Its mean return.
  var meanReturn: Double
}

/// What a run has told so far that the clock has a part in; nothing is learnt from it.
struct ToldSoFar: Codable, Sendable, Equatable {
  /// Since the start of the workers, in all parts of the run.
  var seconds: Double
  /// The returns of the latest episodes.
  var recentReturns = RecentReturns()
  /// Episodes of each worker that the learner was told of.
  var episodesTaken: [UInt64] = []
}

/// The mean return of the latest hundred episodes.
struct RecentReturns: Codable, Sendable, Equatable {
  private static let capacity = 100
  private var returns: [Double] = []
  private var next = 0

  /// Adds an episode's return, in the place of the oldest when there is no other.
  mutating func add(_ value: Double) {
    if returns.count < Self.capacity {
      returns.append(value)
    } else {
      returns[next] = value
      next = (next + 1) % Self.capacity
    }
  }

  /// True if the buffer holds as many returns as it keeps.
  var isFull: Bool { returns.count == Self.capacity }

  /// The mean; nil while no episode has ended.
  var mean: Double? {
    returns.isEmpty ? nil : returns.reduce(0, +) / Double(returns.count)
  }
}

// What a state says is checked before it is used: a file may hold any numbers.

extension RunMarks {
  /// The first number that cannot be in a run of that many steps, as a phrase; nil if there is
  /// none.
  func fault(steps: Int) -> String? {
    let evaluations = [lastEvaluation, best].compactMap(\.self)
    if nextEvaluation < 0 { return "the next evaluation at step \(nextEvaluation)" }
    if let lastEvaluation, !(0...steps).contains(lastEvaluation.steps) {
      return "the last evaluation at step \(lastEvaluation.steps)"
    }
    // The best one may belong to a part of the run that was lost.
    if let best, !(0...StateArchive.largestCount).contains(best.steps) {
      return "the best evaluation at step \(best.steps)"
    }
    if evaluations.contains(where: { $0.meanReturn.isNaN }) { return "an evaluation of NaN" }
    return skipped.isSound ? nil : "the number of skipped updates in a row"
  }
}

extension ToldSoFar {
  /// The first number that cannot be, as a phrase; nil if there is none.
  var fault: String? {
    // Nanoseconds of that many seconds, some thirty years, are a 64-bit count.
    if !(0...1e9).contains(seconds) { return "\(seconds) seconds" }
    if !recentReturns.isSound { return "the place of the next return" }
    return episodesTaken.allSatisfy { $0 <= UInt64(StateArchive.largestCount) }
      ? nil : "a number of episodes"
  }
}

extension RecentReturns {
  fileprivate var isSound: Bool {
    returns.count == Self.capacity
      ? (0..<Self.capacity).contains(next) : returns.count < Self.capacity && next == 0
  }
}
