import Foundation
import Learner
import Rollout
import Worker

/// The command-line program: `train`, `evaluate`, `describe`, `ask`, `export`, `runs`, `report`,
/// `bench`, `envs` and `check-env`.
///
/// A program with custom environments, policies and algorithms registers them first:
///
/// ```swift
/// try EnvironmentRegistry.shared.register("Mine-v0") { Mine() }
/// Program.main(name: "mine")
/// ```
///
/// `mine train --env Mine-v0` then trains in worker processes, which are the same program.
public enum Program {
  /// Runs the command line of the process, or a worker if a learner started it, and ends the
  /// process.
  ///
  /// - Parameter name: the name of the program in help screens and messages.
  public static func main(name: String = "rlplay") -> Never {
    // This must run before any file is opened.
    ProcessStart.prepare()
    ProgramName.shown = name
    if let problem = ProcessStart.missingProc {
      reportOnStandardError("Error: \(problem).")
      exit(1)
    }
    // Workers are processes of this same program.
    WorkerMain.runIfAsked()
    let code = run(Array(CommandLine.arguments.dropFirst()))
    for line in RepeatedLines.shared.takeSummary() { reportOnStandardError(line) }
    exit(StandardOutput.finish(code))
  }

  /// Runs a command line, given without the program's name.
  ///
  /// - Returns: the exit code: 0 for success, 64 for invalid usage, 1 for any other failure, 128
  ///   plus the signal number after an interruption.
  static func run(_ arguments: [String]) -> Int32 {
    code {
      let (command, work) = try parse(arguments)
      guard let command else { return try work.run() }
      if !command.runsInRanks { try RankedTraining.refuse(command.name) }
      do {
        return try withUsage(of: command) { try work.run() }
      } catch let error as MoreOptionsNeeded {
        throw error.usageError(for: arguments)
      }
    }
  }

  /// Parses a command line, given without the program's name.
  ///
  /// Reads nothing except the arguments and the file given with `--config`.
  ///
  /// - Returns: the work to do, and the command that it is of; nil for help and the version.
  /// - Throws: ``UsageError`` for the first mistake.
  static func parse(
    _ arguments: [String]
  ) throws(UsageError) -> (command: Command?, work: any Runnable) {
    guard let first = arguments.first else { return (nil, Screen(text: HelpText.overview)) }
    let rest = Array(arguments.dropFirst())
    switch first {
    case "help", "--help", "-h":
      guard let name = rest.first(where: { !$0.hasPrefix("-") }) else {
        return (nil, Screen(text: HelpText.overview))
      }
      return (nil, Screen(text: HelpText.screen(for: try command(named: name))))
    case "--version":
      if let extra = rest.first { throw UsageError("Unexpected argument '\(extra)'.") }
      return (nil, Screen(text: "rlplay \(releaseVersion)"))
    case _ where first.hasPrefix("-"):
      throw UsageError(strayOption(first))
    default:
      let command = try command(named: first)
      let parsed = try command.parse(rest)
      if parsed.asksForHelp {
        return (nil, Screen(text: HelpText.screen(for: command.beside(parsed))))
      }
      do {
        return (command, try command.interpret(parsed))
      } catch {
        throw UsageError(error, command: command.beside(parsed))
      }
    }
  }

  private static func command(named name: String) throws(UsageError) -> Command {
    if let command = Command.all.first(where: { $0.name == name }) { return command }
    let names = Command.all.map(\.name) + ["help"]
    let suggestion = NearestMatch.find(name, among: names).map { " Did you mean '\($0)'?" } ?? ""
    throw UsageError("Unknown command '\(name)'.\(suggestion)")
  }

  /// Returns the error message for an option before any command.
  private static func strayOption(_ word: String) -> String {
    let name = word.drop { $0 == "-" }.prefix { $0 != "=" }
    let owner = Command.all.first { $0.option(named: String(name)) != nil }
    let suggestion =
      owner.map { " Did you mean '\(ProgramName.shown) \($0.name) --\(name)'?" } ?? ""
    return "Unknown option '\(word)'.\(suggestion)"
  }

  /// Returns the exit code of a command, and tells of its error.
  static func code(_ body: () throws -> Int32) -> Int32 {
    do {
      return try body()
    } catch let error as UsageError {
      reportOnStandardError(error.text)
      return UsageError.exitCode
    } catch {
      reportOnStandardError("Error: \(error)")
      return 1
    }
  }

  /// Rethrows configuration errors found at run time as usage errors.
  static func withUsage(
    of command: Command, _ body: () throws -> Int32
  ) throws -> Int32 {
    do {
      return try body()
    } catch let error as ConfigurationError {
      throw UsageError(error, command: command)
    } catch let error as WrapperError {
      throw UsageError(ConfigurationError("\(error)", option: "wrap"), command: command)
    } catch let error as UnknownEnvironment {
      throw UsageError(ConfigurationError("\(error)", option: "env"), command: command)
    } catch let error as GymnasiumError {
      // Errors in options that only starting Python reveals.
      switch error.kind {
      case .environment:
        throw UsageError(ConfigurationError("\(error).", option: "env"), command: command)
      case .python:
        throw UsageError(ConfigurationError("\(error).", option: "python"), command: command)
      case .spaces, .exception, .process: throw error
      }
    } catch let error as InvalidEnvironmentArguments {
      throw UsageError(ConfigurationError("\(error)", option: error.option), command: command)
    }
  }
}

/// A text to print, such as a help screen.
struct Screen: Runnable, Equatable {
  let text: String

  func run() -> Int32 {
    print(text)
    return 0
  }
}
