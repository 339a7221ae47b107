import Rollout

/// The value of an option in a form that both JSON and a command line can hold.
package enum SettingValue: Sendable, Equatable {
  /// A number as text, which keeps 64-bit integers exact.
  case number(String)
  case string(String)
  case boolean(Bool)
  case list([SettingValue])
  /// A value that no option accepts: an object, or null.
  case unsupported(String)

  /// The value as on a command line.
  package var text: String {
    switch self {
    case .number(let text), .string(let text): text
    case .boolean(let isOn): isOn ? "true" : "false"
    case .list(let elements): elements.map(\.text).joined(separator: ",")
    case .unsupported(let description): description
    }
  }

  /// The value as JSON.
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
  /// Decodes any JSON value.
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
