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

extension SettingValue {
  /// Converts a JSON value.
  ///
  /// - Returns: nil if it is or contains a number beyond the range of `Double`.
  init?(_ value: JSONValue) {
    switch value {
    case .boolean(let isOn): self = .boolean(isOn)
    case .integer(let number): self = .number(String(number))
    case .unsigned(let number): self = .number(String(number))
    case .number(let number):
      guard number.isFinite else { return nil }
      self = .number(String(number))
    case .single(let number): self = .number(String(number))
    case .text(let text): self = .string(text)
    case .list(let values):
      let elements = values.compactMap(Self.init)
      guard elements.count == values.count else { return nil }
      self = .list(elements)
    case .null: self = .unsupported("null")
    case .object: self = .unsupported("{…}")
    }
  }
}
