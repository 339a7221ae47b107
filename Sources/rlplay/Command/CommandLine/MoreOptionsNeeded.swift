import Foundation
import Learner
import Rollout

/// A command line that needs more options, such as the consent to start code named in a file.
struct MoreOptionsNeeded: Error {
  /// The cause, without the final period and the suggested command.
  let cause: String
  /// The options to add, one word per element.
  let options: [String]
  /// The name of the option at fault, without dashes.
  let option: String
  let command: Command

  /// Returns a usage error that ends with the complete command to use.
  ///
  /// - Parameter arguments: the original command line, without the program's name.
  func usageError(for arguments: [String]) -> UsageError {
    let program = CommandLine.arguments.first ?? ProgramName.shown
    let words = [program] + arguments.prefix(1) + options + arguments.dropFirst()
    let line = words.map(\.shellQuoted).joined(separator: " ")
    return UsageError(
      "\(cause.escapingControls): \(line)", command: command,
      option: command.option(named: option))
  }
}

/// The user's consent to start code that a file names.
struct Consent: Equatable {
  /// True if `--trust` was given.
  var trusts = false
  /// The environment of `--env`; nil for that of the file.
  var environment: String?
  /// The interpreter to start.
  var python = EnvironmentConfiguration.usualPython

  /// Rejects an environment that starts a program, if only a file names it.
  ///
  /// - Parameters:
  ///   - choice: the environment.
  ///   - file: the path of the file, for the message.
  ///   - recorded: the interpreter of the training, for the suggested command.
  ///   - command: the command, for the usage error.
  /// - Throws: ``MoreOptionsNeeded`` with the options that give consent.
  func check(
    _ choice: EnvironmentConfiguration, namedBy file: URL, trainedWith recorded: String?,
    command: Command
  ) throws(MoreOptionsNeeded) {
    let wrapper = choice.gymnasiumWrappers.first
    guard choice.startsProgram, !trusts, environment == nil || wrapper != nil else { return }
    let code =
      environment == nil
      ? "Gymnasium environment '\(choice.id.dropFirst("gym:".count))'"
      : "wrapper '\(wrapper ?? "")'"
    throw MoreOptionsNeeded(
      cause: "'\(file.relativePath)' asks to start Python with the \(code), whose code can do all "
        + "that you can: if you trust the file, use",
      options: ["--trust"] + pythonOption(recorded), option: "trust", command: command)
  }

  /// Returns an error that suggests the interpreter of the training, after the current one failed.
  ///
  /// - Returns: nil if there is no other interpreter to suggest.
  func suggestion(
    after error: GymnasiumError, trainedWith recorded: String?, command: Command
  ) -> MoreOptionsNeeded? {
    let options = pythonOption(recorded)
    let isToBlame = error.kind == .python || error.kind == .environment
    guard !options.isEmpty, isToBlame else { return nil }
    return MoreOptionsNeeded(
      cause: "\(error); the run was trained with another interpreter: use", options: options,
      option: "python", command: command)
  }

  /// Returns `--python` with an interpreter that differs from the default; empty if one was given.
  private func pythonOption(_ recorded: String?) -> [String] {
    let usual = EnvironmentConfiguration.usualPython
    guard let recorded, recorded != usual, python == usual else { return [] }
    return ["--python", recorded]
  }
}
