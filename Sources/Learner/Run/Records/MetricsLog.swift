import Foundation
import Glibc
import Rollout

/// One line of metrics: names and values in the order in which they were set.
package struct MetricsRecord: Equatable, Sendable {
  var object = OrderedJSON()

  /// Creates an empty record.
  package init() {}

  /// Sets a number; infinities and NaN are written as `null`, since JSON has neither.
  package mutating func set(_ name: String, _ value: Double) {
    object.set(name, value)
  }

  /// Sets an integer.
  package mutating func set(_ name: String, _ value: Int) {
    object.set(name, value)
  }

  /// Sets a histogram, written as an object of the bins that are not empty.
  package mutating func set(_ name: String, _ histogram: Histogram) {
    object.set(name, histogram)
  }

  /// Sets a string.
  package mutating func set(_ name: String, _ value: String) {
    object.set(name, value)
  }
}

/// A writer that appends records to a JSON Lines file.
///
/// Whole lines are passed to the kernel in one write, so a concurrent reader never sees a partial
/// line. Lines are buffered for about one second, because one disk access per update would cost
/// more than the update. The delay is only checked when a record is appended: call ``flush()``
/// before a pause.
package struct MetricsLog: ~Copyable {
  private static let bytesHeldBack = 1 << 16
  private static let secondsHeldBack = 1.0

  let file: Descriptor
  /// The path in the form in which the user wrote it.
  let path: String
  let fullPath: String
  private var pending: [UInt8] = []
  private var lastFlush: Double

  /// Opens the file, or creates it; existing lines are kept.
  ///
  /// - Throws: `RecordError` if it cannot be opened for writing.
  package init(appendingTo url: URL) throws(RecordError) {
    path = url.relativePath
    fullPath = url.path
    lastFlush = MetricsLog.now
    do {
      file = try SystemCalls.open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o666)
    } catch {
      throw RecordError(cannot: "write", path: url.relativePath, error.code)
    }
  }

  deinit {
    // For code paths that do not call `close`; errors are ignored here.
    try? MetricsLog.write(pending, to: file)
    try? SystemCalls.unlock(file.rawValue)
  }

  /// Appends a record as one line.
  ///
  /// - Throws: `RecordError` if buffered lines were due and could not be written. They stay in
  ///   the buffer and are retried with the next ones; the caller may continue.
  package mutating func append(_ record: MetricsRecord) throws(RecordError) {
    pending.append(contentsOf: record.object.encoded().utf8)
    pending.append(UInt8(ascii: "\n"))
    let waited = MetricsLog.now - lastFlush
    if pending.count >= MetricsLog.bytesHeldBack || waited >= MetricsLog.secondsHeldBack {
      try flush()
    }
  }

  /// Writes the buffered lines.
  ///
  /// - Throws: `RecordError` if they cannot be written. The file then ends with a whole line, and
  ///   the lines stay in the buffer.
  package mutating func flush() throws(RecordError) {
    lastFlush = MetricsLog.now
    guard !pending.isEmpty else { return }
    do {
      try MetricsLog.write(pending, to: file)
      pending.removeAll(keepingCapacity: true)
    } catch {
      throw RecordError(cannot: "append to", path: path, error.code)
    }
  }

  /// Writes the buffered lines and closes the file.
  ///
  /// - Throws: `RecordError` if they cannot be written. They are then lost.
  package consuming func close() throws(RecordError) {
    try flush()
  }

  /// The time in seconds on the monotonic clock.
  private static var now: Double { Double(SystemCalls.monotonicNanoseconds()) * 1e-9 }

  private static func write(
    _ lines: [UInt8], to file: borrowing Descriptor
  ) throws(SystemError) {
    guard !lines.isEmpty else { return }
    let lengthBefore = try SystemCalls.byteCount(of: file.rawValue)
    do {
      try file.writeAll(lines)
    } catch {
      // A full disk may accept only a part of a line: remove that part.
      try? SystemCalls.truncate(file.rawValue, to: lengthBefore)
      throw error
    }
  }
}
