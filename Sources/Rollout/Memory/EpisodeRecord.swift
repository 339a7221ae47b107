/// Return and length of a finished episode, as reported by a worker.
public struct EpisodeRecord: Sendable, Equatable {
  /// The sum of the episode's rewards, as the environment returned them.
  public let episodeReturn: Float

  /// The number of steps.
  public let length: UInt32

  /// Creates a record.
  ///
  /// - Parameters:
  ///   - episodeReturn: the sum of the rewards.
  ///   - length: the number of steps.
  public init(episodeReturn: Float, length: UInt32) {
    self.episodeReturn = episodeReturn
    self.length = length
  }

  /// Both values in one atomic word, the return in the upper half; no reader sees a mixture.
  var word: UInt64 { UInt64(episodeReturn.bitPattern) << 32 | UInt64(length) }

  init(word: UInt64) {
    episodeReturn = Float(bitPattern: UInt32(truncatingIfNeeded: word >> 32))
    length = UInt32(truncatingIfNeeded: word)
  }
}
