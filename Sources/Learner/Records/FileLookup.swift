import Foundation
import Glibc

/// What is to be found at a path; nothing here changes a file.
enum FileLookup {
  /// Whether the path is a directory; nil if there is nothing there, or nothing that can be seen.
  static func isDirectory(_ path: String) -> Bool? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// The kind of file at a path itself, links not followed.
  enum Kind { case file, directory, link, other }

  /// The kind of what lies at a path, no link followed; nil if there is nothing.
  static func kind(_ path: String) -> Kind? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .directory
    case S_IFLNK: .link
    default: .other
    }
  }

  /// True for devices such as /dev/zero, whose bytes need not end.
  static func isDevice(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return [S_IFCHR, S_IFBLK].contains(status.st_mode & S_IFMT)
  }

  /// When the file was last written, for comparing; nil if there is none.
  static func modificationTime(_ path: String) -> (seconds: Int, nanoseconds: Int)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }

  /// The names inside a directory, sorted; empty if it cannot be listed.
  static func entries(of path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}
