/// Why the memory of a run could not be created or attached to.
public enum RunMemoryError: Error, Sendable, Equatable {
  /// The file is something else; the text says what gave it away.
  case notARun(String)

  /// The run was laid out by another version of rlplay.
  case versionMismatch(found: UInt64, expected: UInt64)

  /// The file, or its header, has another size in bytes than its counts imply.
  case sizeMismatch(found: Int, expected: Int)

  /// A system call failed.
  case system(SystemError)
}

extension RunMemoryError: CustomStringConvertible {
  /// One sentence without a full stop: what is wrong, the values, the remedy where there is one.
  public var description: String {
    switch self {
    case .notARun(let reason):
      "this is not the memory of a run: \(reason)"
    case .versionMismatch(let found, let expected):
      """
      the memory of the run has layout version \(found) where this program has \(expected): \
      start learner and workers from the same build
      """
    case .sizeMismatch(let found, let expected):
      "the memory of the run has \(found) bytes where its counts ask for \(expected)"
    case .system(let error):
      error.description
    }
  }
}
