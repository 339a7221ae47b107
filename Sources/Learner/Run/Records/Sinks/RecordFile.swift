import Foundation
import Glibc
import Rollout

/// A file that grows by whole records, such as the lines of `metrics.jsonl`.
///
/// Whole records are passed to the kernel in one write, so a concurrent reader never sees a partial
/// one. Records are buffered for about one second, because one disk access per update would cost
/// more than the update. The delay is only checked when a record is appended: call ``flush()``
/// before a pause.
final class RecordFile {
  private static let bytesHeldBack = 1 << 16
  private static let secondsHeldBack = 1.0
  /// The largest number of bytes that wait for a disk that refuses them; later records are lost.
  private static let largestBacklog = 1 << 24

  private let file: Descriptor
  /// The path in the form in which the user wrote it.
  private let path: String
  private let fullPath: String
  private var pending: [UInt8] = []
  private var lastFlush: Double
  private var hasFailed = false

  /// Opens the file, or creates it; existing records are kept.
  ///
  /// - Parameter isNew: true if the file must not exist yet.
  /// - Throws: `RecordError` if it cannot be opened for writing.
  init(appendingTo url: URL, isNew: Bool = false) throws(RecordError) {
    path = url.relativePath
    fullPath = url.path
    lastFlush = Self.now
    do {
      file = try SystemCalls.open(
        url.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | (isNew ? O_EXCL : 0), mode: 0o666)
    } catch {
      throw RecordError(cannot: "write", path: url.relativePath, error.code)
    }
  }

  deinit {
    // For code paths that do not flush; errors are ignored here.
    try? write()
  }

  /// Appends a record.
  ///
  /// - Throws: `RecordError` if buffered records were due and could not be written. They stay in
  ///   the buffer and are retried a second later; the caller may continue.
  func append(_ record: some Collection<UInt8>) throws(RecordError) {
    if pending.count + record.count <= Self.largestBacklog { pending.append(contentsOf: record) }
    let isFull = pending.count >= Self.bytesHeldBack && !hasFailed
    if isFull || Self.now - lastFlush >= Self.secondsHeldBack { try flush() }
  }

  /// Writes the buffered records.
  ///
  /// - Throws: `RecordError` if they cannot be written. The file then ends with a whole record, and
  ///   the records stay in the buffer.
  func flush() throws(RecordError) {
    lastFlush = Self.now
    hasFailed = true
    do {
      try write()
    } catch  where error.code == ENOENT {
      throw RecordError(
        .unwritable, path: path, "'\(path)' was removed while the run was writing to it")
    } catch {
      throw RecordError(cannot: "append to", path: path, error.code)
    }
    hasFailed = false
  }

  /// Returns the bytes of the file, without buffered records.
  ///
  /// - Throws: `RecordError` if they cannot be read.
  func contents() throws(RecordError) -> [UInt8] {
    do {
      return try SystemCalls.contents(of: fullPath)
    } catch {
      throw RecordError(cannot: "read", path: path, error.code)
    }
  }

  /// Removes the end of the file.
  ///
  /// - Throws: `RecordError`. The file is then unchanged.
  func truncate(to byteCount: Int) throws(RecordError) {
    do {
      try SystemCalls.truncate(file.rawValue, to: byteCount)
    } catch {
      throw RecordError(cannot: "shorten", path: path, error.code)
    }
  }

  /// Removes lines from the end of the file up to one that is kept, and an incomplete line.
  ///
  /// - Parameter isKept: returns true for a line to keep; it is called for the last line first.
  /// - Throws: `RecordError`. The file is then unchanged.
  func cutLines(until isKept: (ArraySlice<UInt8>) -> Bool) throws(RecordError) {
    let content = try contents()
    let newline = UInt8(ascii: "\n")
    var end = content.lastIndex(of: newline).map { $0 + 1 } ?? 0
    while end > 0 {
      let start = content[..<(end - 1)].lastIndex(of: newline).map { $0 + 1 } ?? 0
      if isKept(content[start..<(end - 1)]) { break }
      end = start
    }
    if end < content.count { try truncate(to: end) }
  }

  /// The time in seconds on the monotonic clock.
  private static var now: Double { Double(SystemCalls.monotonicNanoseconds()) * 1e-9 }

  private func write() throws(SystemError) {
    guard !pending.isEmpty else { return }
    // Bytes that are written to a removed file are gone.
    if try SystemCalls.isRemoved(file.rawValue) {
      throw SystemError(call: "write", code: ENOENT, detail: path)
    }
    let lengthBefore = try SystemCalls.byteCount(of: file.rawValue)
    do {
      try file.writeAll(pending)
    } catch {
      // A full disk may accept only a part of a record: remove that part.
      try? SystemCalls.truncate(file.rawValue, to: lengthBefore)
      throw error
    }
    pending.removeAll(keepingCapacity: true)
  }
}
