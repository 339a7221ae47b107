import Glibc
import Rollout

/// A failure to create, write or find what a run leaves on disk.
///
/// The description is one sentence for the user: what failed, where, why, and a remedy where there
/// is one. Nothing is half-written when it is thrown; the caller may remove the cause and try again.
public struct RecordError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kinds of failure; more may be added.
  public struct Code: Equatable, Sendable {
    private let name: String

    /// The operating system refused to create or write; `errorNumber` says why.
    public static let unwritable = Code(name: "unwritable")
    /// The directory named for a new run already holds something.
    public static let occupied = Code(name: "occupied")
    /// There is no such run or checkpoint.
    public static let notFound = Code(name: "notFound")
  }

  /// The kind of failure.
  public let code: Code
  /// The file or directory concerned.
  public let path: String
  /// The operating system's error number, if it was the one to refuse.
  public let errorNumber: Int32?
  /// One sentence for the user.
  public let description: String

  /// An error with a sentence of its own.
  init(_ code: Code, path: String, _ description: String) {
    self.code = code
    self.path = path
    self.errorNumber = nil
    self.description = description.escapingControls
  }

  /// The error for a refused system call, with a remedy where the error number suggests one.
  init(cannot action: String, path: String, _ errorNumber: Int32) {
    self.code = .unwritable
    self.path = path
    self.errorNumber = errorNumber
    self.description =
      "cannot \(action) '\(path.escapingControls)': \(String(cString: strerror(errorNumber)))"
      + RecordError.remedy(errorNumber)
  }

  private static func remedy(_ errorNumber: Int32) -> String {
    switch errorNumber {
    case ENOSPC, EDQUOT: "; free some space or choose another place with --run-dir"
    case EFBIG: "; raise the limit on file sizes (ulimit -f)"
    case EACCES, EPERM, EROFS: "; choose a place that you may write to with --run-dir"
    case ENOTDIR: "; a part of the path is a file and not a directory"
    case ENOENT: "; create the directory first"
    case EISDIR: "; a directory of that name is in the way"
    case ENAMETOOLONG: "; choose a shorter one with --run-dir"
    case EMFILE, ENFILE: "; raise the limit on open files (ulimit -n)"
    default: ""
    }
  }
}
