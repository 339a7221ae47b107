import Learner
import Rollout

/// The command line of a subcommand: its help, its arguments and their interpretation.
///
/// All properties except ``interpret`` and ``optionsBeside`` are data, from which parsing, help and
/// errors are derived.
struct Command: Sendable {
  let name: String
  /// One sentence for the command's help screen and for the list of commands.
  let summary: String
  /// The positional argument, if the command takes one.
  var argument: CommandArgument?
  var options: [CommandOption]
  /// Returns the options with the defaults that follow from the given arguments.
  var optionsBeside: (@Sendable (ParsedArguments) -> [CommandOption])?
  /// True if a launcher of MPI may start the command in several processes.
  var runsInRanks = false
  /// Converts parsed arguments to a command with typed and validated options.
  let interpret: @Sendable (ParsedArguments) throws(ConfigurationError) -> any Runnable

  /// All commands in the order of the help screen.
  static let all: [Command] = [
    .train, .evaluate, .describe, .ask, .export, .runs, .report, .bench, .environments,
    .checkEnvironment,
  ]

  /// All options, including `--help`, which every command has.
  var allOptions: [CommandOption] { options + [.help(in: options.last?.group ?? .options)] }

  /// The usage line in help screens and errors.
  var usage: String {
    var words = [ProgramName.shown, name]
    if let argument { words.append(argument.shown) }
    return (words + ["[options]"]).joined(separator: " ")
  }

  /// Returns the command with the defaults that follow from the given arguments.
  func beside(_ parsed: ParsedArguments) -> Command {
    var command = self
    if let optionsBeside { command.options = optionsBeside(parsed) }
    return command
  }

  /// Returns the option that has this name, or that this name turns off.
  func option(named name: String) -> CommandOption? {
    allOptions.first { $0.names.contains(name) }
  }
}

/// A command line that has been interpreted.
protocol Runnable: Sendable {
  /// Does what the command line asks for.
  ///
  /// - Returns: the exit code.
  func run() throws -> Int32
}

/// A subcommand with one property for each of its options.
protocol Subcommand: Runnable {
  /// The options.
  static var settings: [Setting<Self>] { get }

  /// Creates the command with the defaults of all options.
  init()

  /// Takes the positional arguments, and checks the values that options have given.
  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError)
}

extension Subcommand {
  /// Accepts any values.
  mutating func complete(_ parsed: ParsedArguments) {}
}

extension Command {
  /// Creates the command line of a subcommand with the options of its settings.
  init<Work: Subcommand>(
    _ type: Work.Type, name: String, summary: String, argument: CommandArgument? = nil,
    runsInRanks: Bool = false
  ) {
    self.init(
      name: name, summary: summary, argument: argument,
      options: CommandOption.all(Work.settings, defaults: Work()), runsInRanks: runsInRanks,
      interpret: { (parsed) throws(ConfigurationError) in
        var work = Work()
        try parsed.apply(Work.settings, to: &work)
        try work.complete(parsed)
        return work
      })
  }
}

/// A positional argument.
struct CommandArgument: Sendable {
  let placeholder: String
  let help: String
  /// True if the command requires the argument.
  var isRequired = false
  /// True if the command takes any number of them.
  var isRepeatable = false

  /// The argument in the usage line.
  var shown: String {
    isRequired ? placeholder : "[\(placeholder)\(isRepeatable ? " ..." : "")]"
  }

  /// A run or checkpoint, resolved by `RunDirectory.resolve`.
  static let checkpoint = CommandArgument(
    placeholder: "RUN|CHECKPOINT",
    help: "A run's directory or a checkpoint file; the newest run under runs/ if none is named.")
}

/// An option of a command, for the parser and help screens.
struct CommandOption: Sendable {
  let name: String
  let kind: SettingKind
  let group: SettingGroup
  let help: String
  /// The default value in one word, if there is one.
  var defaultText: String?
  /// The text between the values of an option that is given several times.
  var separator = ","

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

  /// The option's name, and the name that turns it off if there is one.
  var names: [String] {
    if case .toggle(let off) = kind { [name, off] } else { [name] }
  }

  /// Returns the option that shows the help screen.
  static func help(in group: SettingGroup) -> CommandOption {
    CommandOption(name: "help", kind: .flag, group: group, help: "Show this help.")
  }
}

extension CommandOption {
  /// Creates the option of a setting, with its value in `defaults` as the default.
  init<Configuration>(_ setting: Setting<Configuration>, defaults: Configuration) {
    name = setting.name
    group = setting.group
    help = setting.help
    kind = setting.kind
    let value = setting.read(defaults)
    switch setting.kind {
    case .value, .values: defaultText = value.text.isEmpty ? nil : value.text
    case .flag, .optionalValue: defaultText = nil
    case .toggle("no-\(setting.name)"): defaultText = value == .boolean(true) ? "on" : "off"
    case .toggle(let off): defaultText = value == .boolean(true) ? setting.name : off
    }
  }

  /// Returns the options of all settings of a table.
  static func all<Configuration>(
    _ settings: [Setting<Configuration>], defaults: Configuration
  ) -> [CommandOption] {
    settings.map { CommandOption($0, defaults: defaults) }
  }
}
