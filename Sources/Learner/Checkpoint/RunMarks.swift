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

  /// Whether there are as many as are kept.
  var isFull: Bool { returns.count == Self.capacity }

  /// The mean; nil while no episode has ended.
  var mean: Double? {
    returns.isEmpty ? nil : returns.reduce(0, +) / Double(returns.count)
  }
}
