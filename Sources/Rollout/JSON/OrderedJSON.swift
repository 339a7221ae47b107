/// A JSON object that keeps its keys in the order in which they were set.
///
/// `config.json`, `metrics.jsonl`, checkpoint headers and the objects of `--json` are all written
/// by this type. Numbers have the shortest form that reads back to the same value, integers without
/// `.0`. JSON has no infinity and no NaN: a number that is not finite becomes `null`.
package struct OrderedJSON: Equatable, Sendable {
  /// The keys and values, in order.
  package private(set) var entries: [(key: String, value: JSONValue)] = []

  package init() {}

  /// Creates an object with all entries, even of equal keys.
  init(entries: [(key: String, value: JSONValue)]) { self.entries = entries }

  /// Appends a key, or replaces the value of an existing key in place.
  package mutating func set(_ key: String, _ value: some JSONConvertible) {
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index].value = value.jsonValue
    } else {
      entries.append((key, value.jsonValue))
    }
  }

  /// The value of a key; nil if it is not set.
  package subscript(key: String) -> JSONValue? {
    entries.first { $0.key == key }?.value
  }

  /// Returns the object as text without a trailing newline.
  ///
  /// - Parameter pretty: true for one key per line, indented by two spaces; false for no
  ///   whitespace.
  package func encoded(pretty: Bool = false) -> String {
    var text = ""
    JSONValue.object(self).write(to: &text, indentation: pretty ? 0 : nil)
    return text
  }

  package static func == (left: OrderedJSON, right: OrderedJSON) -> Bool {
    left.entries.elementsEqual(right.entries) { $0.key == $1.key && $0.value == $1.value }
  }
}

/// A JSON value with ordered objects.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case unsigned(UInt64)
  case number(Double)
  case single(Float)
  case text(String)
  case list([JSONValue])
  case object(OrderedJSON)

  /// The value as a number; nil for anything else.
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .number(let value): value
    case .single(let value): Double(value)
    case .null, .boolean, .text, .list, .object: nil
    }
  }

  /// Appends the value; `indentation` is that of its first line, nil for compact text.
  func write(to text: inout String, indentation: Int?) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .unsigned(let value): text += "\(value)"
    case .number(let value): text += JSONValue.number(value, isFinite: value.isFinite)
    case .single(let value): text += JSONValue.number(value, isFinite: value.isFinite)
    case .text(let value): text += JSONValue.quoted(value)
    case .list(let values): JSONValue.write(list: values, to: &text, indentation: indentation)
    case .object(let object): JSONValue.write(object, to: &text, indentation: indentation)
    }
  }

  /// The value for display: a string without quotes, anything else as JSON on one line.
  package var text: String {
    if case .text(let text) = self { return text }
    var line = ""
    write(to: &line, indentation: nil)
    return line
  }

  private static func write(list values: [JSONValue], to text: inout String, indentation: Int?) {
    // Lists stay on one line in pretty text: shapes and percentiles are easier to read.
    text += "["
    for (index, value) in values.enumerated() {
      if index > 0 { text += indentation == nil ? "," : ", " }
      value.write(to: &text, indentation: indentation)
    }
    text += "]"
  }

  private static func write(_ object: OrderedJSON, to text: inout String, indentation: Int?) {
    guard !object.entries.isEmpty else {
      text += "{}"
      return
    }
    let inner = indentation.map { $0 + 2 }
    text += "{"
    for (index, entry) in object.entries.enumerated() {
      if index > 0 { text += "," }
      if let inner { text += "\n" + String(repeating: " ", count: inner) }
      text += quoted(entry.key) + (inner == nil ? ":" : ": ")
      entry.value.write(to: &text, indentation: inner)
    }
    if let indentation { text += "\n" + String(repeating: " ", count: indentation) }
    text += "}"
  }

  private static func number(_ value: some CustomStringConvertible, isFinite: Bool) -> String {
    guard isFinite else { return "null" }
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Returns a quoted string with the escapes that JSON requires, as the safetensors writer does.
  ///
  /// Other control characters are escaped as well, since the text may be printed to a terminal.
  package static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.isControl:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
