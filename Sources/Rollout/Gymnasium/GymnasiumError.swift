/// Something about Python or Gymnasium that keeps an environment from being played.
public struct GymnasiumError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is to blame.
  public enum Kind: String, Sendable, Codable {
    /// There is no such interpreter, or it has no Gymnasium.
    case python
    /// There is no such environment, or its spaces cannot be played.
    case environment
    /// The environments of a batch have different spaces.
    case spaces
    /// Python code failed.
    case exception
    /// The interpreter ended or does not answer as it should.
    case process
  }

  /// What is to blame.
  public var kind: Kind
  /// One sentence without a full stop; an exception's traceback follows on lines of its own.
  public var description: String

  /// Describes what went wrong.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
