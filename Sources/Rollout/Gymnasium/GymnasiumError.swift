/// An error of Python, Gymnasium, MuJoCo or one of their environments.
package struct GymnasiumError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The cause of an error.
  package enum Kind: String, Sendable, Codable {
    /// The interpreter does not exist, or has no Gymnasium or no MuJoCo.
    case python
    /// The environment does not exist, or its spaces are not supported.
    case environment
    /// The environments of a batch have different spaces.
    case spaces
    /// Python code failed.
    case exception
    /// The interpreter ended or does not answer as it should.
    case process
  }

  /// The cause of the error.
  package var kind: Kind
  /// One sentence without a period; an exception's traceback follows on separate lines.
  package var description: String

  /// Creates an error.
  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
