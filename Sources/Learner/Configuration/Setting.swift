/// One option of a configuration: all that command lines, files and help screens need to know of it.
///
/// A table of these is the single place where a field gets its name, its spelling and its sentence.
package struct Setting<Configuration: Sendable>: Sendable {
  /// The name, without dashes; the key in JSON.
  package let name: String
  package let kind: SettingKind
  package let group: SettingGroup
  /// One sentence for the help screen.
  package let help: String

  /// The value in a configuration.
  package let read: @Sendable (Configuration) -> SettingValue

  /// Sets the value that a text spells, or gives the end of the sentence that refuses it.
  private let assign: @Sendable (inout Configuration, String) -> String?
  private let textOfValue: @Sendable (SettingValue) -> String?
  private let complaint: @Sendable (String) -> String

  /// Describes an option that takes a value.
  ///
  /// - Parameter repeats: whether it may be given several times, which is as if once with commas between the values.
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

  /// Describes an option that is on or off.
  ///
  /// - Parameters:
  ///   - off: the name that turns it off; `nil` for `no-` and the name.
  ///   - negatable: whether it can be turned off on a command line.
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

  /// Sets the value that a command line spells.
  ///
  /// - Throws: ``ConfigurationError`` when the text spells no value of the option's type.
  package func write(
    _ configuration: inout Configuration, _ text: String
  ) throws(ConfigurationError) {
    guard let complaint = assign(&configuration, text) else { return }
    let shown = text.isEmpty || text.contains(" ") ? "'\(text)'" : text
    throw ConfigurationError("--\(name) \(shown) \(complaint)", option: name)
  }

  /// Sets the value that a JSON file holds.
  ///
  /// - Parameter source: the file's name, for the error.
  /// - Throws: ``ConfigurationError`` when the value is of the wrong type or spells none.
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

/// How an option is given on a command line.
package enum SettingKind: Sendable, Equatable {
  /// With a value, shown as the placeholder.
  case value(placeholder: String)
  /// With a value or by its name alone, shown with the placeholder in brackets.
  case optionalValue(placeholder: String)
  /// With a value, several times if need be.
  case values(placeholder: String)
  /// By its name alone.
  case flag
  /// By its name alone, or by another one that undoes what a file of options turned on: `no-` and the name, mostly.
  case toggle(off: String)
}

/// The parts of a help screen and of a saved configuration, in their order.
package enum SettingGroup: String, Sendable, CaseIterable {
  case environment = "Environment"
  case collection = "Collection"
  case network = "Network"
  case learning = "Learning"
  case run = "Run"
  case output = "Output"
  /// The one part of a command with few options.
  case options = "Options"
}
