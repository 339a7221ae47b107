/// A request to the evaluation process to play episodes.
package struct EvaluationRequest: Equatable, Sendable {
  /// The request's number, from 1.
  package let number: UInt64
  /// The episodes.
  package let episodes: Range<Int>
  /// The first episode without a result.
  package let firstToPlay: Int
  /// True if actions are sampled; otherwise the most likely action is taken.
  package let samples: Bool
}

/// The result of one episode.
package struct PlayedEpisode: Equatable, Sendable {
  /// The undiscounted sum of rewards.
  package var episodeReturn: Double
  /// The number of steps.
  package var length: Int
  /// The way in which it ended.
  package var ending: Ending
  /// The results of its information, in the order of `EpisodeInformation.names(of:)`.
  package var information: [Double] = []

  /// The way in which an episode ended.
  package enum Ending: UInt64, Sendable {
    /// The task terminated it.
    case terminated
    /// The environment's step limit, or a wrapper, truncated it.
    case truncated
    /// It had not ended when the maximum number of steps was reached.
    case unfinished
  }

  /// Creates a result.
  package init(episodeReturn: Double, length: Int, ending: Ending) {
    self.episodeReturn = episodeReturn
    self.length = length
    self.ending = ending
  }
}
