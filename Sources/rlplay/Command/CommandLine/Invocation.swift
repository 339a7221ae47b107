import Learner
import Rollout

/// A parsed command line with typed and validated options.
enum Invocation: Equatable, Sendable {
  /// A new run, with the names of the options that the command line or its file gives.
  case train(TrainingConfiguration, given: Set<String>, TrainPresentation)
  case experiment(Experiment, TrainPresentation)
  case resume(ResumeOptions, TrainPresentation)
  case evaluate(EvaluateOptions)
  case describe(DescribeOptions)
  case ask(AskOptions)
  case export(ExportOptions)
  case runs(RunsOptions)
  case report(ReportOptions)
  case bench(BenchOptions)
  case environments(EnvironmentsOptions)
  case checkEnvironment(CheckEnvironmentOptions)
  /// A help screen for standard output.
  case help(String)
  case version

  /// The name of a command that makes no sense in several processes at once; nil for others.
  var singleCommand: String? {
    switch self {
    case .train, .experiment, .resume, .help, .version, .bench: nil
    case .evaluate: "evaluate"
    case .describe: "describe"
    case .ask: "ask"
    case .export: "export"
    case .runs: "runs"
    case .report: "report"
    case .environments: "envs"
    case .checkEnvironment: "check-env"
    }
  }

  /// Parses a command line, given without the program's name.
  ///
  /// Reads nothing except the arguments and the file given with `--config`.
  ///
  /// - Throws: ``UsageError`` for the first mistake.
  static func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
    guard let first = arguments.first else { return .help(HelpText.overview) }
    let rest = Array(arguments.dropFirst())
    switch first {
    case "help", "--help", "-h":
      return try help(for: rest)
    case "--version":
      if let extra = rest.first { throw UsageError("Unexpected argument '\(extra)'.") }
      return .version
    case _ where first.hasPrefix("-"):
      throw UsageError(strayOption(first))
    default:
      let command = try command(named: first)
      let parsed = try command.parse(rest)
      if parsed.asksForHelp { return .help(HelpText.screen(for: command.beside(parsed))) }
      do {
        return try command.interpret(parsed)
      } catch {
        throw UsageError(error, command: command.beside(parsed))
      }
    }
  }

  private static func help(for words: [String]) throws(UsageError) -> Invocation {
    guard let name = words.first(where: { !$0.hasPrefix("-") }) else {
      return .help(HelpText.overview)
    }
    return .help(HelpText.screen(for: try command(named: name)))
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
}

extension Command {
  /// All commands in the order of the help screen.
  static let all: [Command] = [
    .train, .evaluate, .describe, .ask, .export, .runs, .report, .bench, .environments,
    .checkEnvironment,
  ]
}
