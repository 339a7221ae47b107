import Foundation

/// A reader of JSON text that locates the first mistake and keeps the keys of objects in order.
///
/// Repeated keys are kept too. Foundation's decoder silently accepts one of two equal keys, loses
/// their order and reports no position.
package struct JSONReader {
  /// A mistake and its position.
  package struct Mistake: Error, Equatable {
    /// The line number, from 1.
    package var line: Int
    /// The column in characters, from 1.
    package var column: Int
    /// The predicate of a sentence about the position, such as `has a comment: remove it`.
    package var finding: String
  }

  /// The maximum nesting depth of objects and lists.
  private static let largestDepth = 100

  private let bytes: [UInt8]
  private var position = 0

  private init(_ data: Data) { bytes = [UInt8](data) }

  /// Reads one value.
  ///
  /// - Throws: ``Mistake``.
  package static func value(of data: Data) throws(Mistake) -> JSONValue {
    var reader = JSONReader(data)
    // Some editors write a byte order mark.
    if reader.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
    let value = try reader.value(depth: 0, wanted: "an object in braces")
    reader.skipSpace()
    if reader.current != nil { throw reader.mistake("nothing more") }
    return value
  }

  // MARK: Grammar

  private mutating func value(
    depth: Int, wanted: String = "a value"
  ) throws(Mistake) -> JSONValue {
    skipSpace()
    guard depth <= Self.largestDepth else {
      throw mistake(saying: "is nested deeper than \(Self.largestDepth) lists and objects")
    }
    switch current {
    case UInt8(ascii: "{"): return .object(OrderedJSON(entries: try object(depth: depth)))
    case UInt8(ascii: "["): return .list(try list(depth: depth))
    case UInt8(ascii: "\""): return .text(try string())
    case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte):
      return try number()
    default:
      let words: [(String, JSONValue)] = [
        ("true", .boolean(true)), ("false", .boolean(false)), ("null", .null),
      ]
      for (word, value) in words where bytes[position...].starts(with: word.utf8) {
        position += word.utf8.count
        return value
      }
      throw mistake(wanted)
    }
  }

  private mutating func object(
    depth: Int
  ) throws(Mistake) -> [(key: String, value: JSONValue)] {
    position += 1
    skipSpace()
    var entries: [(key: String, value: JSONValue)] = []
    if accept("}") { return entries }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else {
        throw current == UInt8(ascii: "}")
          ? mistake(saying: "has a comma before the end of an object: remove it")
          : mistake("a key in double quotes")
      }
      let key = try string()
      skipSpace()
      guard accept(":") else { throw mistake("a colon") }
      entries.append((key, try value(depth: depth + 1)))
      skipSpace()
      if accept("}") { return entries }
      guard accept(",") else { throw mistake("a comma or the end of the object") }
    }
  }

  private mutating func list(depth: Int) throws(Mistake) -> [JSONValue] {
    position += 1
    skipSpace()
    var values: [JSONValue] = []
    if accept("]") { return values }
    while true {
      skipSpace()
      if current == UInt8(ascii: "]") {
        throw mistake(saying: "has a comma before the end of a list: remove it")
      }
      values.append(try value(depth: depth + 1))
      skipSpace()
      if accept("]") { return values }
      guard accept(",") else { throw mistake("a comma or the end of the list") }
    }
  }

  /// Reads a number, as an integer if it is one of 64 bits: `1e3` and `1.0` too.
  ///
  /// A number beyond the range of `Double` becomes infinite.
  private mutating func number() throws(Mistake) -> JSONValue {
    let start = position
    func digits(_ reader: inout JSONReader) -> Int {
      let first = reader.position
      while let byte = reader.current, (0x30...0x39).contains(byte) { reader.position += 1 }
      return reader.position - first
    }
    _ = accept("-")
    let leads = current == UInt8(ascii: "0")
    let whole = digits(&self)
    var isSound = whole == 1 || whole > 1 && !leads
    if accept(".") { isSound = digits(&self) > 0 && isSound }
    if accept("e") || accept("E") {
      if !accept("+") { _ = accept("-") }
      isSound = digits(&self) > 0 && isSound
    }
    guard isSound else {
      position = start
      throw mistake("a JSON number, such as 16 or 1e-3")
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int(text) { return .integer(integer) }
    if let integer = UInt64(text) { return .unsigned(integer) }
    let value = Double(text) ?? .infinity
    return Int(exactly: value).map { .integer($0) } ?? .number(value)
  }

  private mutating func string() throws(Mistake) -> String {
    let start = position
    position += 1
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        let text = Data(bytes[start..<position])
        guard let value = try? JSONDecoder().decode(String.self, from: text) else {
          position = start
          throw mistake(saying: "has a string that is not UTF-8 or has an unknown escape")
        }
        return value
      case UInt8(ascii: "\\"): position += 2
      case ..<0x20: throw mistake("the quote that ends the string")
      default: position += 1
      }
    }
    position = start
    throw mistake(saying: "has a string without a quote at its end")
  }

  // MARK: Parts

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func accept(_ wanted: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: wanted) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  /// Returns the mistake at the current position, where `wanted` was expected.
  private func mistake(_ wanted: String) -> Mistake {
    let rest = bytes[min(position, bytes.count)...]
    if rest.isEmpty { return mistake(saying: "is the end of the text, where \(wanted) belongs") }
    if rest.starts(with: "#".utf8) || rest.starts(with: "//".utf8) || rest.starts(with: "/*".utf8) {
      return mistake(saying: "has a comment, which JSON does not allow: remove it")
    }
    if rest.first == UInt8(ascii: "'") {
      return mistake(saying: "has a single quote: strings and keys in JSON have double quotes")
    }
    let text = String(decoding: rest.prefix(40), as: UTF8.self)
    return mistake(saying: "has '\(text.prefix(1))', where \(wanted) belongs")
  }

  private func mistake(saying finding: String) -> Mistake {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.count { $0 == 0x0A } + 1
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let column = String(decoding: before[start...], as: UTF8.self).count + 1
    return Mistake(line: line, column: column, finding: finding)
  }
}
