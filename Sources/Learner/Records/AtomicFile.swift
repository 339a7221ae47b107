import Foundation
import Glibc
import Rollout
import Synchronization

/// Files that are written whole or not at all.
package enum AtomicFile {
  /// Told apart by this count, two writes of one process never share a temporary file.
  private static let writeCount = Atomic<Int>(0)

  /// Replaces the file at a path, or creates it, in one step that survives a power cut.
  ///
  /// A hidden temporary file beside it receives the bytes, is synchronised and renamed over the
  /// old one; then the directory is synchronised. A reader opens the whole old file or the whole new
  /// one. A symbolic link at the path is replaced, not followed.
  ///
  /// - Throws: ``RecordError``. The old file is as it was and the temporary one is gone, except when
  ///   only the last step failed: then the new file is in place, and the sentence says so. The caller
  ///   may go on and try again later.
  package static func write(_ data: Data, to url: URL) throws(RecordError) {
    let directoryURL = url.deletingLastPathComponent()
    let directory: Descriptor
    do {
      // Opened first, so that a directory that cannot be synchronised is refused before any change.
      directory = try SystemCalls.open(directoryURL.path, O_RDONLY | O_DIRECTORY)
    } catch {
      throw RecordError(cannot: "write into", path: directoryURL.relativePath, error.code)
    }

    let temporary = temporaryPath(for: url)
    do {
      try writeDurably(data, to: temporary)
      try SystemCalls.rename(temporary, to: url.path)
    } catch {
      unlink(temporary)
      throw RecordError(cannot: "write", path: url.relativePath, error.code)
    }

    do {
      try synchronise(directory)
    } catch {
      throw RecordError(
        cannot: "synchronise (the new file is in place) the directory of", path: url.relativePath,
        error.code)
    }
  }

  /// Fails as a write into the directory would fail; leaves nothing behind.
  static func probe(directory: URL) throws(RecordError) {
    let temporary = temporaryPath(for: directory.appendingPathComponent("probe"))
    defer { unlink(temporary) }
    do {
      try writeDurably(Data(), to: temporary)
    } catch {
      throw RecordError(cannot: "write into", path: directory.relativePath, error.code)
    }
  }

  /// Gives a file that another program wrote its name, as `write` does once its bytes are there.
  ///
  /// - Throws: ``RecordError``; the temporary file is gone then.
  static func adopt(_ temporary: String, as url: URL) throws(RecordError) {
    do {
      let file = try SystemCalls.open(temporary, O_RDONLY)
      try synchronise(file)
      try SystemCalls.rename(temporary, to: url.path)
    } catch {
      unlink(temporary)
      throw RecordError(cannot: "write", path: url.relativePath, error.code)
    }
  }

  /// A hidden name beside a file, which no other write of this process has.
  static func temporaryPath(for url: URL) -> String {
    let count = writeCount.add(1, ordering: .relaxed).newValue
    let name = ".\(url.lastPathComponent).\(getpid())-\(count).tmp"
    return url.deletingLastPathComponent().appendingPathComponent(name).path
  }

  private static func writeDurably(_ data: Data, to path: String) throws(SystemError) {
    // A leftover of a killed process that had the same number would make the exclusive open fail.
    unlink(path)
    let file = try SystemCalls.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
    try file.writeAll(data)
    try synchronise(file)
    try file.close()
  }

  private static func synchronise(_ file: borrowing Descriptor) throws(SystemError) {
    do {
      try SystemCalls.synchronise(file.rawValue)
    } catch  where error.code == EINVAL || error.code == EROFS {
      // A file system (or /dev/full) that cannot synchronise this kind of file promises nothing.
    }
  }
}
