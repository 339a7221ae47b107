import Learner

/// One subcommand: what its help screen says, what it accepts, and what its arguments come to.
///
/// Everything but ``interpret`` is plain description, from which parsing, help and errors are derived.
struct Command: Sendable {
  let name: String
  /// One sentence, for its own help screen and for the list of commands.
  let summary: String
  /// The one argument without a name that the command takes, if any.
  var argument: CommandArgument?
  var options: [CommandOption]
  /// The options as they are beside what was given, where their defaults depend on it.
  var optionsBeside: (@Sendable (ParsedArguments) -> [CommandOption])?
  /// Turns what was given into typed options.
  let interpret: @Sendable (ParsedArguments) throws(ConfigurationError) -> Invocation

  /// All options, with the one that every command has.
  var allOptions: [CommandOption] { options + [.help(in: options.last?.group ?? .options)] }

  /// The command line in short, as help screens and errors show it.
  var usage: String {
    var words = ["rlplay", name]
    if let argument { words.append(argument.shown) }
    return (words + ["[options]"]).joined(separator: " ")
  }

  /// The command with the defaults that hold beside what was given.
  func beside(_ parsed: ParsedArguments) -> Command {
    var command = self
    if let optionsBeside { command.options = optionsBeside(parsed) }
    return command
  }

  /// The option of that name, or the one that the name turns off.
  func option(named name: String) -> CommandOption? {
    allOptions.first { $0.names.contains(name) }
  }
}

/// An argument that is told by its place and not by a name.
struct CommandArgument: Sendable {
  let placeholder: String
  let help: String
  /// Whether the command does nothing without it.
  var isRequired = false

  /// The argument in the command line in short.
  var shown: String { isRequired ? placeholder : "[\(placeholder)]" }

  /// What `RunDirectory.resolve` understands.
  static let checkpoint = CommandArgument(
    placeholder: "RUN|CHECKPOINT",
    help: "A run's directory or a checkpoint file; the newest run under runs/ if none is named.")
}

/// One option of a command, as help screens and the parser see it.
struct CommandOption: Sendable {
  let name: String
  let kind: SettingKind
  let group: SettingGroup
  let help: String
  /// What holds where the option is not given, if that can be said in a word.
  var defaultText: String?

  /// The option as it is typed: `--actors N`.
  var label: String {
    switch kind {
    case .value(let placeholder), .values(let placeholder): "--\(name) \(placeholder)"
    case .optionalValue(let placeholder): "--\(name) [\(placeholder)]"
    case .flag: "--\(name)"
    case .toggle("no-\(name)"): "--[no-]\(name)"
    case .toggle(let off): "--\(name), --\(off)"
    }
  }

  /// The name, and the one that turns the option off if there is one.
  var names: [String] {
    if case .toggle(let off) = kind { [name, off] } else { [name] }
  }

  /// The option that asks for the help screen.
  static func help(in group: SettingGroup) -> CommandOption {
    CommandOption(name: "help", kind: .flag, group: group, help: "Show this help.")
  }
}

extension CommandOption {
  /// Describes a setting, with the value that it has in the defaults.
  init<Configuration>(_ setting: Setting<Configuration>, defaults: Configuration) {
    name = setting.name
    group = setting.group
    help = setting.help
    kind = setting.kind
    let value = setting.read(defaults)
    switch setting.kind {
    case .value, .values: defaultText = value.text
    case .flag, .optionalValue: defaultText = nil
    case .toggle("no-\(setting.name)"): defaultText = value == .boolean(true) ? "on" : "off"
    case .toggle(let off): defaultText = value == .boolean(true) ? setting.name : off
    }
  }

  /// Describes every setting of a table, with the values of the defaults.
  static func all<Configuration>(
    _ settings: [Setting<Configuration>], defaults: Configuration
  ) -> [CommandOption] {
    settings.map { CommandOption($0, defaults: defaults) }
  }
}
