import Foundation
import Glibc
import Rollout

/// A file of TensorBoard's events, each framed by its length and two checksums.
///
/// A record is the length (8 bytes), the masked CRC-32C of these 8 bytes, the event and the masked
/// CRC-32C of the event, all little-endian. The first event holds the version of the format.
final class EventFile {
  /// The beginning of the names of event files; TensorBoard reads them in the order of their names.
  static let prefix = "events.out.tfevents."

  private let file: RecordFile

  /// Creates a file in a directory, with a name behind those of the earlier files.
  ///
  /// - Throws: `RecordError` if it cannot be created.
  init(in directory: RunDirectory) throws(RecordError) {
    let seconds = directory.eventFiles.last.flatMap { file in
      Int(file.lastPathComponent.dropFirst(Self.prefix.count).prefix { $0.isNumber })
    }
    let now = Date().timeIntervalSince1970
    let stamp = max(Int(now), (seconds ?? 0) &+ 1)
    file = try RecordFile(
      appendingTo: directory.url.appendingPathComponent("\(Self.prefix)\(stamp).rlplay"),
      isNew: true)
    var event = Event(time: now, step: nil)
    event.set(version: "brain.Event:2")
    try append(event)
  }

  /// Appends an event.
  ///
  /// - Throws: `RecordError` if buffered events were due and could not be written.
  func append(_ event: Event) throws(RecordError) { try file.append(Self.record(event.bytes)) }

  /// Writes the buffered events.
  ///
  /// - Throws: `RecordError` if they cannot be written.
  func flush() throws(RecordError) { try file.flush() }

  /// Returns the record of an event's bytes.
  static func record(_ event: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(event.count))
    return length + littleEndian(maskedChecksum(length)) + event
      + littleEndian(maskedChecksum(event))
  }

  /// Removes the events after a step from the end of a file, and a damaged end.
  ///
  /// - Throws: `RecordError`. The file is then unchanged.
  static func cut(_ url: URL, beyond steps: Int) throws(RecordError) {
    let file = try RecordFile(appendingTo: url)
    let content = try file.contents()
    var end = 0
    while let event = event(in: content, at: end), Event.step(of: content[event]) <= steps {
      end = event.upperBound + 4
    }
    if end < content.count { try file.truncate(to: end) }
  }

  /// Returns the range of the event in a record; nil if the record is incomplete or damaged.
  private static func event(in content: [UInt8], at start: Int) -> Range<Int>? {
    func number(_ range: Range<Int>) -> UInt64? {
      guard range.upperBound <= content.count else { return nil }
      return content[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard let length = number(start..<start + 8), length <= UInt64(content.count),
      number(start + 8..<start + 12) == UInt64(maskedChecksum(Array(content[start..<start + 8])))
    else { return nil }
    let event = start + 12..<start + 12 + Int(length)
    guard let checksum = number(event.upperBound..<event.upperBound + 4),
      checksum == UInt64(maskedChecksum(Array(content[event])))
    else { return nil }
    return event
  }

  /// Returns the CRC-32C, masked because records may hold records.
  static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
    let checksum = Checksum.crc32c(bytes.span)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}
