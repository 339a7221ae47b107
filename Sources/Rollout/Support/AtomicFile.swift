import Foundation
import Glibc
import Synchronization

/// Writes files either completely or not at all.
package enum AtomicFile {
  /// A counter for temporary file names; two writes of one process never share a file.
  private static let writeCount = Atomic<Int>(0)

  /// Replaces or creates the file at a path in one step that survives a power failure.
  ///
  /// The bytes go to a hidden temporary file in the same directory, which is synchronized and
  /// renamed over the old file. Then the directory is synchronized. A reader opens either the whole
  /// old file or the whole new file. A symbolic link at the path is replaced, not followed.
  ///
  /// - Throws: ``RecordError``. The old file is unchanged and the temporary file is deleted, except
  ///   when only the last step failed: then the new file is in place, and the description says so.
  ///   The caller may continue and retry later.
  package static func write(_ data: Data, to url: URL) throws(RecordError) {
    let directoryURL = url.deletingLastPathComponent()
    let directory: Descriptor
    do {
      // The directory is opened first: if it cannot be opened, the write fails before any change.
      directory = try SystemCalls.open(directoryURL.path, O_RDONLY | O_DIRECTORY)
    } catch {
      throw RecordError(cannot: "write into", path: directoryURL.relativePath, error.code)
    }

    let temporary = temporaryPath(for: url)
    do {
      try writeDurably(data, to: temporary)
      try SystemCalls.rename(temporary, to: url.path)
    } catch {
      try? SystemCalls.unlink(temporary)
      throw RecordError(cannot: "write", path: url.relativePath, error.code)
    }

    do {
      try synchronize(directory)
    } catch {
      throw RecordError(
        cannot: "synchronize (the new file is in place) the directory of", path: url.relativePath,
        error.code)
    }
  }

  /// Fails if a write into the directory would fail; leaves no file behind.
  package static func probe(directory: URL) throws(RecordError) {
    let temporary = temporaryPath(for: directory.appendingPathComponent("probe"))
    defer { try? SystemCalls.unlink(temporary) }
    do {
      try writeDurably(Data(), to: temporary)
    } catch {
      throw RecordError(cannot: "write into", path: directory.relativePath, error.code)
    }
  }

  /// Synchronizes a file that another program wrote and renames it to its final name.
  ///
  /// - Throws: ``RecordError``. The temporary file is then deleted.
  static func adopt(_ temporary: String, as url: URL) throws(RecordError) {
    do {
      let file = try SystemCalls.open(temporary, O_RDONLY)
      try synchronize(file)
      try SystemCalls.rename(temporary, to: url.path)
    } catch {
      try? SystemCalls.unlink(temporary)
      throw RecordError(cannot: "write", path: url.relativePath, error.code)
    }
  }

  /// Returns a hidden path beside a file; no other write of this process has the same one.
  static func temporaryPath(for url: URL) -> String {
    let count = writeCount.add(1, ordering: .relaxed).newValue
    let name = ".\(url.lastPathComponent).\(getpid())-\(count).tmp"
    return url.deletingLastPathComponent().appendingPathComponent(name).path
  }

  private static func writeDurably(_ data: Data, to path: String) throws(SystemError) {
    // A leftover of a killed process with the same process number would make O_EXCL fail.
    try? SystemCalls.unlink(path)
    let file = try SystemCalls.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
    try file.writeAll(data)
    try synchronize(file)
    try file.close()
  }

  private static func synchronize(_ file: borrowing Descriptor) throws(SystemError) {
    do {
      try SystemCalls.synchronize(file.rawValue)
    } catch  where error.code == EINVAL || error.code == EROFS {
      // Some file systems, and /dev/full, cannot synchronize this kind of file: no error.
    }
  }
}
