import Learner
import Rollout

/// An invalid command line, with the information to correct it.
struct UsageError: Error, Equatable {
  /// The exit code for bad input: `EX_USAGE` of `sysexits.h`.
  static let exitCode: Int32 = 64

  /// The mistake in one sentence.
  let message: String

  /// The help of the option at fault on one line; nil if there is none.
  let optionHelp: String?

  /// The usage line.
  let usage: String

  /// The command that shows the complete help.
  let helpCommand: String

  /// Creates an error in the arguments of a command.
  init(_ message: String, command: Command, option: CommandOption? = nil) {
    self.message = message
    optionHelp = option.map(HelpText.line(for:))
    usage = command.usage
    helpCommand = "\(ProgramName.shown) \(command.name) --help"
  }

  /// Creates an error without a command.
  init(_ message: String) {
    self.message = message
    optionHelp = nil
    usage = HelpText.usage
    helpCommand = "\(ProgramName.shown) --help"
  }

  /// Creates the error for an invalid value, found while parsing or at run time.
  init(_ error: ConfigurationError, command: Command) {
    self.init(
      error.message, command: command, option: error.option.flatMap(command.option(named:)))
  }

  /// The lines for standard error, without a trailing newline.
  var text: String {
    var lines = ["Error: \(message)"]
    if let optionHelp { lines.append("Help: \(optionHelp)") }
    lines.append("Usage: \(usage)")
    lines.append("See '\(helpCommand)' for more information.")
    return lines.joined(separator: "\n")
  }
}
