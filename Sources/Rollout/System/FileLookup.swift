import Foundation
import Glibc

/// Read-only queries about files.
package enum FileLookup {
  /// Returns true for a directory, false for another file, nil if there is nothing or no access.
  package static func isDirectory(_ path: String) -> Bool? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// The kind of the file at a path, without following symbolic links.
  package enum Kind { case file, directory, link, other }

  /// Returns the kind of the file at a path without following links; nil if there is none.
  package static func kind(_ path: String) -> Kind? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .directory
    case S_IFLNK: .link
    default: .other
    }
  }

  /// Returns true for a pipe, which may never have a writer, and for devices such as /dev/zero,
  /// which may never reach an end of file.
  static func isPipeOrDevice(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return [S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK].contains(status.st_mode & S_IFMT)
  }

  /// Returns the time of the last modification, for comparison; nil if there is no file.
  package static func modificationTime(_ path: String) -> (seconds: Int, nanoseconds: Int)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }

  /// Returns the sorted names in a directory; empty if it cannot be listed.
  package static func entries(of path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}
