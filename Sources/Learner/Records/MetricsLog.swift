import Foundation
import Glibc
import Rollout

/// One line of metrics: names with values, in the order in which they were set.
public struct MetricsRecord: Equatable, Sendable {
  var object = OrderedJSON()

  /// A record without any value.
  public init() {}

  /// Sets a number; one that is not finite is written as `null`, for JSON has no other word for it.
  public mutating func set(_ name: String, _ value: Double) {
    object.set(name, value)
  }

  /// Sets a whole number.
  public mutating func set(_ name: String, _ value: Int) {
    object.set(name, value)
  }

  /// Sets a histogram: an object of the bins that are not empty.
  public mutating func set(_ name: String, _ histogram: Histogram) {
    object.set(name, histogram)
  }

  /// Sets a word.
  public mutating func set(_ name: String, _ value: String) {
    object.set(name, value)
  }
}

/// Appends records to a file of JSON lines.
///
/// Whole lines are handed to the kernel with one write, so whoever reads along never sees a part of
/// one. Lines wait for up to about a second, for a disk access per update would cost more than the
/// update; the wait is only looked at when a record arrives, so call ``flush()`` before a pause.
public struct MetricsLog: ~Copyable {
  private static let bytesHeldBack = 1 << 16
  private static let secondsHeldBack = 1.0

  let file: Descriptor
  /// The path as the user would write it.
  let path: String
  let fullPath: String
  private var pending: [UInt8] = []
  private var lastFlush: Double

  /// Opens the file, creating it if need be; lines that are there already stay.
  ///
  /// - Throws: ``RecordError`` when it cannot be opened for writing.
  public init(appendingTo url: URL) throws(RecordError) {
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
    // For a path that forgets to close; what fails here is lost without a word.
    try? MetricsLog.write(pending, to: file)
    try? SystemCalls.unlock(file.rawValue)
  }

  /// Adds a record as one line.
  ///
  /// - Throws: ``RecordError`` when the lines so far were due and could not be written. They are kept
  ///   and tried again with the next ones; the caller may go on.
  public mutating func append(_ record: MetricsRecord) throws(RecordError) {
    pending.append(contentsOf: record.object.encoded().utf8)
    pending.append(UInt8(ascii: "\n"))
    let waited = MetricsLog.now - lastFlush
    if pending.count >= MetricsLog.bytesHeldBack || waited >= MetricsLog.secondsHeldBack {
      try flush()
    }
  }

  /// Writes the lines that still wait.
  ///
  /// - Throws: ``RecordError`` when they cannot be written; the file then ends with a whole line and
  ///   the lines are kept.
  public mutating func flush() throws(RecordError) {
    lastFlush = MetricsLog.now
    guard !pending.isEmpty else { return }
    do {
      try MetricsLog.write(pending, to: file)
      pending.removeAll(keepingCapacity: true)
    } catch {
      throw RecordError(cannot: "append to", path: path, error.code)
    }
  }

  /// Writes the lines that still wait and closes the file.
  ///
  /// - Throws: ``RecordError`` when they cannot be written; they are lost then.
  public consuming func close() throws(RecordError) {
    try flush()
  }

  /// Seconds on a clock that never jumps.
  private static var now: Double { Double(SystemCalls.monotonicNanoseconds()) * 1e-9 }

  private static func write(
    _ lines: [UInt8], to file: borrowing Descriptor
  ) throws(SystemError) {
    guard !lines.isEmpty else { return }
    let lengthBefore = try SystemCalls.byteCount(of: file.rawValue)
    do {
      try file.writeAll(lines)
    } catch {
      // A full disk can take the first half of a line; the next reader is not to stumble over it.
      try? SystemCalls.truncate(file.rawValue, to: lengthBefore)
      throw error
    }
  }
}
