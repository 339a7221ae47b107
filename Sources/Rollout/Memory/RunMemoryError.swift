/// An error in creating or attaching to the memory of a run.
package enum RunMemoryError: Error, Sendable, Equatable {
  /// The file is not the memory of a run; the text gives the reason.
  case notARun(String)

  /// The memory has the layout version of another build of rlplay.
  case versionMismatch(found: UInt64, expected: UInt64)

  /// The size of the file, or the size in its header, differs from the size implied by the counts.
  case sizeMismatch(found: Int, expected: Int)

  /// A system call failed.
  case system(SystemError)
}

extension RunMemoryError: CustomStringConvertible {
  /// One sentence without a period: the problem, the values and, if there is one, the remedy.
  package var description: String {
    switch self {
    case .notARun(let reason):
      "this is not the memory of a run: \(reason)"
    case .versionMismatch(let found, let expected):
      """
      the memory of the run has layout version \(found), but this program has \(expected): \
      start learner and workers from the same build
      """
    case .sizeMismatch(let found, let expected):
      "the memory of the run has \(found) bytes, but its counts require \(expected)"
    case .system(let error):
      error.description
    }
  }
}
