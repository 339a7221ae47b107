/// The value of one setting between its typed field and text: what a JSON file can hold for it.
package enum SettingValue: Sendable, Equatable {
  /// A number, spelled as it is to be written, so that 64-bit integers stay exact.
  case number(String)
  case string(String)
  case boolean(Bool)
  case list([SettingValue])
  /// What no setting takes: an object, or null.
  case unsupported(String)

  /// The value as a command line would spell it.
  package var text: String {
    switch self {
    case .number(let text), .string(let text): text
    case .boolean(let isOn): isOn ? "true" : "false"
    case .list(let elements): elements.map(\.text).joined(separator: ",")
    case .unsupported(let description): description
    }
  }

  /// The value as a JSON file spells it.
  package var json: String {
    switch self {
    case .number(let text): text
    case .string(let text): JSONValue.quoted(text)
    case .boolean, .unsupported: text
    case .list(let elements): "[" + elements.map(\.json).joined(separator: ", ") + "]"
    }
  }
}

extension SettingValue: Decodable {
  /// Reads any JSON value, keeping apart what a setting could take.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let boolean = try? container.decode(Bool.self) {
      self = .boolean(boolean)
    } else if let integer = try? container.decode(Int.self) {
      self = .number(String(integer))
    } else if let integer = try? container.decode(UInt64.self) {
      self = .number(String(integer))
    } else if let number = try? container.decode(Double.self) {
      self = .number(String(number))
    } else if let string = try? container.decode(String.self) {
      self = .string(string)
    } else if let list = try? container.decode([SettingValue].self) {
      self = .list(list)
    } else {
      self = .unsupported(container.decodeNil() ? "null" : "{…}")
    }
  }
}
