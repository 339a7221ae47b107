import Learner

/// A command line that cannot be carried out, with what its user needs to mend it.
struct UsageError: Error, Equatable {
  /// The exit code for bad input: `EX_USAGE` of `sysexits.h`.
  static let exitCode: Int32 = 64

  /// What is wrong, in a sentence.
  let message: String

  /// The help of the option that is to blame, on one line, if there is one.
  let optionHelp: String?

  /// The command line in short.
  let usage: String

  /// The command that shows all of the help.
  let helpCommand: String

  /// Describes a mistake in the arguments of a command.
  init(_ message: String, command: Command, option: CommandOption? = nil) {
    self.message = message
    optionHelp = option.map(HelpText.line(for:))
    usage = command.usage
    helpCommand = "rlplay \(command.name) --help"
  }

  /// Describes a mistake before any command is known.
  init(_ message: String) {
    self.message = message
    optionHelp = nil
    usage = HelpText.usage
    helpCommand = "rlplay --help"
  }

  /// Describes a value that a command cannot take, found now or only when it was carried out.
  init(_ error: ConfigurationError, command: Command) {
    self.init(
      error.message, command: command, option: error.option.flatMap(command.option(named:)))
  }

  /// The lines for standard error, without a newline at the end.
  var text: String {
    var lines = ["Error: \(message)"]
    if let optionHelp { lines.append("Help: \(optionHelp)") }
    lines.append("Usage: \(usage)")
    lines.append("See '\(helpCommand)' for more information.")
    return lines.joined(separator: "\n")
  }
}
