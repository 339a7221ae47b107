import Foundation
import Learner
import Rollout

/// The options and arguments of a command line, not yet interpreted.
struct ParsedArguments: Equatable {
  /// The text of each given option, by name.
  ///
  /// It is `true` or `false` for an option without a value, and empty if an optional value was
  /// omitted.
  var values: [String: String] = [:]

  /// The positional arguments in their order.
  var arguments: [String] = []
  /// The only positional argument, or the first one; nil without any.
  var argument: String? { arguments.first }

  /// True if `--help` was given.
  ///
  /// The other arguments then only determine the defaults on the help screen.
  var asksForHelp = false

  /// Writes the given options into a configuration, in the table's order.
  func apply<Configuration>(
    _ settings: [Setting<Configuration>], to configuration: inout Configuration
  ) throws(ConfigurationError) {
    for setting in settings {
      guard let text = values[setting.name] else { continue }
      try setting.write(&configuration, text)
    }
  }
}

extension Command {
  /// Returns the words of a command line that parses as these options.
  func words(of values: [String: String]) -> [String] {
    options.flatMap { option -> [String] in
      guard let text = values[option.name] else { return [] }
      let name = "--\(option.name)"
      switch option.kind {
      case .flag: return [name]
      case .toggle(let off): return [text == "true" ? name : "--\(off)"]
      case .value, .values, .optionalValue:
        // Values that commas separate may stay together.
        let texts =
          option.separator == "," ? [text] : text.components(separatedBy: option.separator)
        return texts.flatMap { Self.isNoValue($0) ? ["\(name)=\($0)"] : [name, $0] }
      }
    }
  }

  /// Splits arguments into options with their values and the positional argument.
  ///
  /// The accepted forms are `--name value`, `--name=value` and `--flag`. A flag that can be turned
  /// off also has `--no-flag` or another name. After `--` only arguments follow. The word after an
  /// option that takes a value is that value unless it looks like an option; a negative number does
  /// not. A repeated option is an error, since one of two different values would be silently
  /// ignored. Options that accept several values are the exception: their values are joined with
  /// commas.
  ///
  /// - Throws: ``UsageError`` for the first mistake from the left, unless `--help` is given.
  func parse(_ arguments: [String]) throws(UsageError) -> ParsedArguments {
    var parsed = ParsedArguments()
    let beforeSeparator = arguments.prefix { $0 != "--" }
    let others = beforeSeparator.filter { $0 != "--help" && $0 != "-h" }
    if others.count < beforeSeparator.count {
      // `--help` shows the help screen, whatever is wrong with the rest of the line.
      parsed = (try? parse(others)) ?? parsed
      parsed.asksForHelp = true
      return parsed
    }
    var rest = arguments[...]
    var optionsMayFollow = true
    while let word = rest.popFirst() {
      if optionsMayFollow, word == "--" {
        optionsMayFollow = false
      } else if optionsMayFollow, Self.looksLikeOption(word) {
        try parseOption(word, rest: &rest, into: &parsed)
      } else {
        try parseArgument(word, into: &parsed)
      }
    }
    return parsed
  }

  private func parseOption(
    _ word: String, rest: inout ArraySlice<String>, into parsed: inout ParsedArguments
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let spelled = String(parts[0])
    let attached = parts.count == 2 ? String(parts[1]) : nil
    let (option, isNegated) = try option(spelled: spelled)

    let text: String
    switch option.kind {
    case .flag, .toggle:
      if let attached {
        throw error("'\(spelled)' takes no value, but '\(attached)' was given.", about: option)
      }
      text = isNegated ? "false" : "true"
    case .optionalValue where attached == nil && rest.first.map(Self.isNoValue) ?? true:
      text = ""
    case .value, .values, .optionalValue:
      if case .optionalValue = option.kind, (attached ?? rest.first)?.isEmpty == true {
        // An empty value, as from an unset shell variable, must not select the default target.
        throw error("'\(spelled)' has an empty value: give one, or leave it out.", about: option)
      }
      if let attached {
        text = attached
      } else if let next = rest.first, !Self.isNoValue(next) {
        text = next
        rest.removeFirst()
      } else {
        throw error("Missing value for '\(option.label)'.", about: option)
      }
    }
    if case .values = option.kind, let earlier = parsed.values[option.name] {
      parsed.values[option.name] = earlier + option.separator + text
      return
    }
    if let earlier = parsed.values[option.name] {
      let names = option.names.map { "'--\($0)'" }
      throw error(
        earlier == text || names.count == 1
          ? "'\(spelled)' is given more than once: give it once."
          : "\(names.joined(separator: " and ")) exclude each other: give one of them.",
        about: option)
    }
    parsed.values[option.name] = text
  }

  private func parseArgument(
    _ word: String, into parsed: inout ParsedArguments
  ) throws(UsageError) {
    guard let argument, argument.isRepeatable || parsed.arguments.isEmpty else {
      throw error("Unexpected argument '\(word)'.", about: option(named: word))
    }
    parsed.arguments.append(word)
  }

  /// Returns the option named by a word with dashes, and true if that name turns it off.
  private func option(
    spelled word: String
  ) throws(UsageError) -> (CommandOption, isNegated: Bool) {
    if word.hasPrefix("--") {
      let name = String(word.dropFirst(2))
      if let option = option(named: name) { return (option, option.name != name) }
    }
    let typed = String(word.drop { $0 == "-" })
    let nearest = NearestMatch.find(typed, among: allOptions.flatMap(\.names))
    let suggestion = nearest.map { " Did you mean '--\($0)'?" } ?? ""
    throw error("Unknown option '\(word)'.\(suggestion)", about: nearest.flatMap(option(named:)))
  }

  private func error(_ message: String, about option: CommandOption?) -> UsageError {
    UsageError(message, command: self, option: option)
  }

  private static func isNoValue(_ word: String) -> Bool { word == "--" || looksLikeOption(word) }

  private static func looksLikeOption(_ word: String) -> Bool {
    word.hasPrefix("-") && word != "-" && SettingFormat<Double>.number.parse(word) == nil
  }
}
