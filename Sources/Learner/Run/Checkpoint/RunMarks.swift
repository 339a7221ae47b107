/// The state of a run apart from learning: its evaluations and its reports.
struct RunMarks: Codable, Sendable, Equatable {
  /// The position at which the next evaluation is due, as `--eval-every` counts it.
  var nextEvaluation: Int
  /// The last evaluation.
  var lastEvaluation: EvaluationMark?
  /// The evaluation that `best.safetensors` was saved for.
  var best: EvaluationMark?
  /// The monitor of skipped updates.
  var skipped = SkippedUpdates()
  /// The monitor of a policy that no longer changes.
  var standstill = Standstill()
}

/// The result of an evaluation.
struct EvaluationMark: Codable, Sendable, Equatable {
  /// The environment steps that the evaluated weights had learned from.
  var steps: Int
  /// The mean return.
  var meanReturn: Double
}

/// The state of a run that depends on timing; it does not affect learning.
struct ToldSoFar: Codable, Sendable, Equatable {
  /// The seconds since the start of the workers, over all parts of the run.
  var seconds: Double
  /// The returns of the latest episodes.
  var recentReturns = RecentReturns()
  /// The lengths of the latest episodes.
  var recentLengths = RecentReturns()
  /// The information of the latest episodes, by the names of metrics; nil if there is none.
  var recentInformation: [String: RecentReturns]?
  /// The number of episodes of each worker that the learner has received.
  var episodesTaken: [UInt64] = []
}

/// The returns, or the lengths, of the latest hundred episodes.
struct RecentReturns: Codable, Sendable, Equatable {
  private static let capacity = 100
  private var returns: [Double] = []
  private var next = 0

  /// Adds an episode's number, in place of the oldest if the buffer is full.
  mutating func add(_ value: Double) {
    if returns.count < Self.capacity {
      returns.append(value)
    } else {
      returns[next] = value
      next = (next + 1) % Self.capacity
    }
  }

  /// True if the buffer holds as many numbers as it keeps.
  var isFull: Bool { returns.count == Self.capacity }

  /// The mean; nil if no episode has ended.
  var mean: Double? {
    returns.isEmpty ? nil : returns.reduce(0, +) / Double(returns.count)
  }
}

// The numbers of a state are checked before use, because a file may hold any.

extension RunMarks {
  /// Returns a phrase for the first number that is impossible after some steps, or nil.
  func fault(steps: Int) -> String? {
    let evaluations = [lastEvaluation, best].compactMap(\.self)
    if nextEvaluation < 0 { return "the next evaluation at \(nextEvaluation)" }
    if let lastEvaluation, !(0...steps).contains(lastEvaluation.steps) {
      return "the last evaluation at step \(lastEvaluation.steps)"
    }
    // The best evaluation may belong to a part of the run that was lost.
    if let best, !(0...StateArchive.largestCount).contains(best.steps) {
      return "the best evaluation at step \(best.steps)"
    }
    if evaluations.contains(where: { $0.meanReturn.isNaN }) { return "an evaluation of NaN" }
    if !standstill.isSound { return "the number of equal evaluations in a row" }
    return skipped.isSound ? nil : "the number of skipped updates in a row"
  }
}

extension ToldSoFar {
  /// A phrase for the first impossible number; nil if there is none.
  var fault: String? {
    // A limit of some thirty years, for which nanoseconds fit into 64 bits.
    if !(0...1e9).contains(seconds) { return "\(seconds) seconds" }
    let recent = [recentReturns, recentLengths] + (recentInformation ?? [:]).values
    if !recent.allSatisfy(\.isSound) { return "the position of the next return" }
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
