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
    do {
      let invocation = try Invocation.parse(arguments)
      return code {
        do {
          return try run(invocation)
        } catch let error as MoreOptionsNeeded {
          throw error.usageError(for: arguments)
        }
      }
    } catch {
      reportOnStandardError(error.text)
      return UsageError.exitCode
    }
  }

  private static func run(_ invocation: Invocation) throws -> Int32 {
    if let name = invocation.singleCommand { try RankedCommand.refuse(name) }
    switch invocation {
    case .train(let configuration, let given, let presentation):
      return try withUsage(of: .train) {
        try TrainCommand.run(configuration, given: given, presentation)
      }
    case .experiment(let experiment, let presentation):
      if presentation.ranks == .auto { try RankedCommand.refuse("train --seeds or --sweep") }
      return try withUsage(of: .train) {
        try ExperimentRunner.run(experiment, presentation)
      }
    case .resume(let options, let presentation):
      return try withUsage(of: .train) { try TrainCommand.resume(options, presentation) }
    case .evaluate(let options):
      return try withUsage(of: .evaluate) { try EvaluateCommand.run(options) }
    case .describe(let options):
      return try withUsage(of: .describe) { try DescribeCommand.run(options) }
    case .ask(let options): return try withUsage(of: .ask) { try AskCommand.run(options) }
    case .export(let options):
      return try withUsage(of: .export) { try ExportCommand.run(options) }
    case .runs(let options): return try RunsCommand.run(options)
    case .report(let options):
      return try withUsage(of: .report) { try ReportCommand.run(options) }
    case .bench(let options):
      return try withUsage(of: .bench) { try BenchCommand.run(options) }
    case .environments(let options): EnvironmentsCommand.run(options)
    case .checkEnvironment(let options):
      return try withUsage(of: .checkEnvironment) { try CheckEnvironmentCommand.run(options) }
    case .help(let screen): print(screen)
    case .version: print("rlplay \(releaseVersion)")
    }
    return 0
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
