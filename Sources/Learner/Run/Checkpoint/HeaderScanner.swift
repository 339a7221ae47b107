/// A scanner for the JSON of a safetensors header: objects, strings and lists of integers.
///
/// Integers are not negative.
struct HeaderScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Scans an object; the closure scans the value of each key.
  mutating func object(
    _ value: (inout HeaderScanner, String) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    try expect("{")
    if accept("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try value(&self, key)
    } while accept(",")
    try expect("}")
  }

  /// Scans a list of integers.
  mutating func integers() throws(CheckpointError) -> [Int] {
    try expect("[")
    if accept("]") { return [] }
    var values: [Int] = []
    repeat { values.append(try integer()) } while accept(",")
    try expect("]")
    return values
  }

  /// Scans a string in quotes.
  mutating func string() throws(CheckpointError) -> String {
    try expect("\"")
    var units: [UInt8] = []
    while let byte = current {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else {
          throw failure("a string that is not UTF-8 before")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &units)
      case ..<0x20: throw failure("a control character inside a string before")
      default: units.append(byte)
      }
    }
    throw failure("a string without end at")
  }

  /// Checks that only white space follows.
  mutating func finish() throws(CheckpointError) {
    skipSpace()
    if position < bytes.count { throw failure("something after its end, at") }
  }

  private var current: UInt8? {
    position < bytes.count ? bytes[position] : nil
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func accept(_ wanted: Unicode.Scalar) -> Bool {
    skipSpace()
    guard current == UInt8(ascii: wanted) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ wanted: Unicode.Scalar) throws(CheckpointError) {
    if !accept(wanted) { throw failure("no '\(wanted)' at") }
  }

  private mutating func integer() throws(CheckpointError) -> Int {
    skipSpace()
    let start = position
    while let byte = current, !",]} \n\r\t".utf8.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // JSON has no sign "+" and no leading zeros; extents and offsets have no "-", point or
    // exponent.
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isPlain, text == "0" || !text.hasPrefix("0"), let value = Int(text) else {
      throw CheckpointError(
        .malformed, "its header has '\(text)' where an integer from 0 to \(Int.max) belongs")
    }
    return value
  }

  private mutating func escape(into units: inout [UInt8]) throws(CheckpointError) {
    guard let byte = current else { throw failure("a string without end at") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
    case UInt8(ascii: "b"): units.append(0x08)
    case UInt8(ascii: "f"): units.append(0x0C)
    case UInt8(ascii: "n"): units.append(0x0A)
    case UInt8(ascii: "r"): units.append(0x0D)
    case UInt8(ascii: "t"): units.append(0x09)
    case UInt8(ascii: "u"): units.append(contentsOf: String(try escapedScalar()).utf8)
    default: throw failure("an unknown escape before")
    }
  }

  /// Scans the scalar of one `\u` escape, or of two that form a surrogate pair.
  private mutating func escapedScalar() throws(CheckpointError) -> Unicode.Scalar {
    let first = try fourHexadecimalDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, position + 1 < bytes.count,
      bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
    {
      position += 2
      let second = try fourHexadecimalDigits()
      if (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
      {
        return scalar
      }
    }
    throw failure("half a surrogate pair before")
  }

  private mutating func fourHexadecimalDigits() throws(CheckpointError) -> UInt32 {
    let digits = bytes[position..<min(position + 4, bytes.count)]
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.count == 4, text.allSatisfy(\.isHexDigit), let value = UInt32(text, radix: 16)
    else { throw failure("an unknown escape at") }
    position += 4
    return value
  }

  private func failure(_ finding: String) -> CheckpointError {
    CheckpointError(
      .malformed, "its header is not the JSON of safetensors: \(finding) byte \(position)")
  }
}
