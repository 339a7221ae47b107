import Foundation
import Learner
import Rollout

/// A command line that works with a few more options, such as consent to start what a file names.
struct MoreOptionsNeeded: Error {
  /// The cause, without a full stop and without the command.
  let cause: String
  /// The options to add, each word by itself.
  let options: [String]
  /// The name of the option that is to blame, without dashes.
  let option: String
  let command: Command

  /// The usage error whose sentence ends with the whole command to use.
  ///
  /// - Parameter arguments: the command line as it was typed, without the program's name.
  func usageError(for arguments: [String]) -> UsageError {
    let program = CommandLine.arguments.first ?? "rlplay"
    let words = [program] + arguments.prefix(1) + options + arguments.dropFirst()
    let line = words.map(\.shellQuoted).joined(separator: " ")
    return UsageError(
      "\(cause.escapingControls): \(line)", command: command,
      option: command.option(named: option))
  }
}

/// The consent of a command's user to start code that a file names.
struct Consent: Equatable {
  /// Set by `--trust`.
  var trusts = false
  /// The environment of `--env`; nil if the file's is meant.
  var environment: String?
  /// The interpreter that would be started.
  var python = EnvironmentChoice.usualPython

  /// Refuses an environment that starts a program, and that a file alone names.
  ///
  /// - Parameters:
  ///   - file: the path of the file, for the sentence.
  ///   - recorded: the interpreter that the run was trained with, for the command to use.
  func check(
    _ choice: EnvironmentChoice, namedBy file: URL, trainedWith recorded: String?,
    command: Command
  ) throws(MoreOptionsNeeded) {
    guard choice.startsProgram, !trusts, environment == nil else { return }
    let name = String(choice.id.dropFirst("gym:".count))
    throw MoreOptionsNeeded(
      cause: "'\(file.relativePath)' asks to start Python with the Gymnasium environment "
        + "'\(name)', whose code can do all that you can: if you trust the file, use",
      options: ["--trust"] + pythonOption(recorded), option: "trust", command: command)
  }

  /// Turns the failure of an interpreter into the command that names the one of the training.
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

  /// The option for an interpreter that differs from the present default; none if one was given.
  private func pythonOption(_ recorded: String?) -> [String] {
    let usual = EnvironmentChoice.usualPython
    guard let recorded, recorded != usual, python == usual else { return [] }
    return ["--python", recorded]
  }
}
