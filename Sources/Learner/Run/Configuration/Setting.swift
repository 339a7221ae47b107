import Rollout

/// An option of a configuration, described for command lines, files and help screens.
///
/// A table of these is the only place that defines a field's name, format and help.
package struct Setting<Configuration: Sendable>: Sendable {
  /// The name without dashes, which is also the key in JSON.
  package let name: String
  package let kind: SettingKind
  package let group: SettingGroup
  /// The help text, one sentence.
  package let help: String

  /// Returns the value in a configuration.
  package let read: @Sendable (Configuration) -> SettingValue

  /// Parses a text and sets the value, or returns the end of a sentence that refuses the text.
  private let assign: @Sendable (inout Configuration, String) -> String?
  private let textOfValue: @Sendable (SettingValue) -> String?
  private let complaint: @Sendable (String) -> String

  /// Creates an option that takes a value.
  ///
  /// - Parameter repeats: true if it may be given several times, which is the same as once with
  ///   commas between the values.
  package init<Value>(
    _ name: String, _ placeholder: String,
    _ field: any WritableKeyPath<Configuration, Value> & Sendable,
    _ format: SettingFormat<Value>, repeats: Bool = false, in group: SettingGroup, _ help: String
  ) {
    self.init(
      name: name,
      kind: repeats ? .values(placeholder: placeholder) : .value(placeholder: placeholder),
      field: field, format: format, group: group, help: help)
  }

  /// Creates an option that is on or off.
  ///
  /// - Parameters:
  ///   - off: the name that turns it off; nil for `no-` and the name.
  ///   - negatable: true if a command line can turn it off.
  package init(
    _ name: String, off: String? = nil,
    _ field: any WritableKeyPath<Configuration, Bool> & Sendable,
    negatable: Bool = true, in group: SettingGroup, _ help: String
  ) {
    self.init(
      name: name, kind: negatable ? .toggle(off: off ?? "no-\(name)") : .flag, field: field,
      format: .boolean, group: group, help: help)
  }

  private init<Value>(
    name: String, kind: SettingKind, field: any WritableKeyPath<Configuration, Value> & Sendable,
    format: SettingFormat<Value>, group: SettingGroup, help: String
  ) {
    self.name = name
    self.kind = kind
    self.group = group
    self.help = help
    self.read = { format.value($0[keyPath: field]) }
    self.assign = { configuration, text in
      guard let value = format.parse(text) else { return format.complaint(text) }
      configuration[keyPath: field] = value
      return nil
    }
    self.textOfValue = format.text(of:)
    self.complaint = format.complaint
  }

  /// Sets the value from a command line.
  ///
  /// - Throws: `ConfigurationError` if the text cannot be parsed.
  package func write(
    _ configuration: inout Configuration, _ text: String
  ) throws(ConfigurationError) {
    guard let complaint = assign(&configuration, text) else { return }
    let shown = text.isEmpty || text.contains(" ") ? "'\(text)'" : text
    throw ConfigurationError("--\(name) \(shown) \(complaint)", option: name)
  }

  /// Sets the value from a JSON file.
  ///
  /// - Parameter source: the file's name, for the error.
  /// - Throws: `ConfigurationError` if the value has the wrong type or cannot be parsed.
  package func write(
    _ configuration: inout Configuration, _ value: SettingValue, from source: String
  ) throws(ConfigurationError) {
    let text = textOfValue(value)
    let refusal =
      if let text { assign(&configuration, text) } else { complaint(value.text) }
    guard let refusal else { return }
    throw ConfigurationError("\"\(name)\": \(value.json) in \(source) \(refusal)", option: name)
  }
}

/// The form of an option on a command line.
package enum SettingKind: Sendable, Equatable {
  /// The name with a value, shown as the placeholder.
  case value(placeholder: String)
  /// The name with or without a value, shown as the placeholder in brackets.
  case optionalValue(placeholder: String)
  /// The name with a value, given once or several times.
  case values(placeholder: String)
  /// The name alone.
  case flag
  /// The name alone; a second name, mostly `no-` and the name, turns the option off.
  case toggle(off: String)
}

/// The sections of a help screen, in their order.
package enum SettingGroup: String, Sendable, CaseIterable {
  case environment = "Environment"
  case collection = "Collection"
  case network = "Network"
  case learning = "Learning"
  case run = "Run"
  case output = "Output"
  /// The only section of a command with few options.
  case options = "Options"
}

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
