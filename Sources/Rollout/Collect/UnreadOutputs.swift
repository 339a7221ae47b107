/// The outputs of an actor that its learner does not read, and that the actor need not compute.
///
/// See docs/fragment.md, Unread outputs.
public struct UnreadOutputs: Codable, Sendable, Equatable {
  /// The paths of the outputs that are unread at rows 0…T−1; never the logits, which actions are
  /// drawn from.
  public var played: [String]
  /// The paths of the outputs that are unread at row T.
  public var last: [String]

  /// Creates a list of the outputs that are unread at rows 0…T−1 and at row T; none by default.
  public init(played: [String] = [], last: [String] = []) {
    self.played = played
    self.last = last
  }
}
