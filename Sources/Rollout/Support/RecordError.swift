import Glibc

/// A failure to create, write or find the files of a run.
///
/// The description is one sentence for the user: the failure, the path, the reason, and a remedy if
/// there is one. No file is half-written when it is thrown. The caller may remove the cause and
/// retry.
public struct RecordError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kind of a failure; more kinds may be added.
  package struct Code: Equatable, Sendable {
    private let name: String

    /// The operating system refused to create or write a file; `errorNumber` has the reason.
    package static let unwritable = Code(name: "unwritable")
    /// The directory given for a new run is not empty.
    package static let occupied = Code(name: "occupied")
    /// The run or checkpoint does not exist.
    package static let notFound = Code(name: "notFound")
  }

  /// The kind of failure.
  package let code: Code
  /// The file or directory concerned.
  package let path: String
  /// The operating system's error number, if a system call failed.
  package let errorNumber: Int32?
  /// One sentence for the user.
  public let description: String

  /// Creates an error with a custom description.
  package init(_ code: Code, path: String, _ description: String) {
    self.code = code
    self.path = path
    self.errorNumber = nil
    self.description = description.escapingControls
  }

  /// Creates the error of a failed system call, with a remedy for some error numbers.
  package init(cannot action: String, path: String, _ errorNumber: Int32) {
    self.code = .unwritable
    self.path = path
    self.errorNumber = errorNumber
    self.description =
      "cannot \(action) '\(path.escapingControls)': \(SystemError.reason(of: errorNumber))"
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
