/// A finished episode as a worker reports it.
public struct EpisodeRecord: Sendable, Equatable {
  /// The sum of the episode's rewards, as the environment gave them.
  public let episodeReturn: Float

  /// How many steps it took.
  public let length: UInt32

  /// Makes a record.
  ///
  /// - Parameters:
  ///   - episodeReturn: the sum of the rewards.
  ///   - length: the number of steps.
  public init(episodeReturn: Float, length: UInt32) {
    self.episodeReturn = episodeReturn
    self.length = length
  }

  /// Both in 64 bits, the return above: one atomic word, so that no reader sees half of each.
  var word: UInt64 { UInt64(episodeReturn.bitPattern) << 32 | UInt64(length) }

  init(word: UInt64) {
    episodeReturn = Float(bitPattern: UInt32(truncatingIfNeeded: word >> 32))
    length = UInt32(truncatingIfNeeded: word)
  }
}
