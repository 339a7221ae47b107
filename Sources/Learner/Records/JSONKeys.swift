import Foundation

/// The keys of a JSON object in the order in which they stand, repeated ones included; those of objects within are left out.
///
/// For text that a decoder has accepted: keys are as they are written, escapes included.
struct JSONKeys: Sequence, IteratorProtocol {
  private let bytes: Data
  private var position: Data.Index
  private var depth = 0

  /// Looks at an object.
  init(of object: Data) {
    bytes = object
    position = object.startIndex
  }

  /// The next key.
  mutating func next() -> String? {
    while position < bytes.endIndex {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        let text = rest()
        if depth == 1, isKey { return text }
      default: break
      }
    }
    return nil
  }

  /// The string whose first quote was just passed; goes behind its last one.
  private mutating func rest() -> String {
    let start = position
    while position < bytes.endIndex, bytes[position] != UInt8(ascii: "\"") {
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    let end = Swift.min(position, bytes.endIndex)
    position = end + 1
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// Whether the string that was just passed names a value.
  private var isKey: Bool {
    let spaces = Set(" \t\r\n".utf8)
    return bytes[position...].first { !spaces.contains($0) } == UInt8(ascii: ":")
  }
}
