import Foundation
import Learner
import Rollout

/// Several training runs that differ in their seeds, in values of options, or in both.
struct Experiment: Equatable, Sendable {
  /// The runs in the order in which they start, those of a set-up one after the other.
  var runs: [ExperimentRun]
  /// The directory of the experiment; nil to name one under `runs`.
  var directory: String?
  /// The largest number of runs that are active at once; nil for as many as the processors allow.
  var jobCount: Int?
  /// The words of the command after the program's name, without `--run-dir`.
  var words: [String]

  /// The largest number of runs of an experiment.
  static let largestRunCount = 1000

  /// The number of runs that are active at once on a machine.
  ///
  /// A run counts as one processor for its learner and one for each worker process.
  func jobCount(processors: Int) -> Int {
    let workers = runs.map { run in
      switch run.configuration.collector {
      case .same: 0
      case .single: 1
      case .multi: run.configuration.actorCount
      }
    }
    return jobCount ?? max(1, processors / (1 + (workers.max() ?? 0)))
  }
}

/// A run of an experiment.
struct ExperimentRun: Equatable, Sendable {
  /// The path of its directory in that of the experiment.
  var name: String
  /// The swept options with their values in the form of `config.json`.
  var values: [SweptValue]
  /// The options of the run.
  var configuration: TrainingConfiguration
  /// The names of the options that the command line or its file gives.
  var given: Set<String>
  /// The words of the command that trains it, without `--run-dir`.
  var words: [String]
}

/// A value of an option that a sweep sets.
struct SweptValue: Equatable, Sendable {
  var option: String
  var text: String
}

// MARK: Parsing

extension Experiment {
  private static let seeds = CommandOption(
    name: "seeds", kind: .value(placeholder: "N..M|N,..."), group: .run,
    help: "Train a run with each of these seeds, side by side, and show median and quartiles of "
      + "their results.")
  private static let sweep = CommandOption(
    name: "sweep", kind: .values(placeholder: "NAME=V,..."), group: .run,
    help: "Train a run with each of these values of an option; several give all combinations.",
    separator: "\n")
  private static let jobs = CommandOption(
    name: "jobs", kind: .value(placeholder: "N"), group: .run,
    help: "Runs of --seeds and --sweep that are active at once; by default as many as there are "
      + "processors for their learners and workers.")

  /// The options of `rlplay train` that make an experiment.
  static let options = [seeds, sweep, jobs]

  /// Creates the experiment of a command line; nil if it asks for a single run.
  ///
  /// - Throws: `ConfigurationError` for the first mistake in the options of any run.
  init?(_ parsed: ParsedArguments) throws(ConfigurationError) {
    let count = try parsed.values[Self.jobs.name].map { (text) throws(ConfigurationError) in
      guard let count = SettingFormat<Int>.integer.parse(text), count > 0 else {
        throw ConfigurationError(
          "--jobs \(text) is not a number of runs: write a whole number from 1.", option: "jobs")
      }
      return count
    }
    let sweeps = parsed.values[Self.sweep.name]?.components(separatedBy: Self.sweep.separator)
    guard sweeps != nil || parsed.values[Self.seeds.name] != nil else {
      guard count == nil else {
        throw ConfigurationError(
          "--jobs is for --seeds and --sweep: leave it out.", option: Self.jobs.name)
      }
      return nil
    }
    if parsed.values["dashboard"] != nil {
      throw ConfigurationError(
        "--dashboard shows one run, and --seeds and --sweep start several: leave one of them out.",
        option: "dashboard")
    }
    if parsed.values[Self.seeds.name] != nil, parsed.values["seed"] != nil {
      throw ConfigurationError(
        "--seed and --seeds exclude each other: give one of them.", option: Self.seeds.name)
    }

    var common = parsed
    let others = Self.options.map(\.name) + TrainPresentation.settings.map(\.name)
    for name in others + ["run-dir"] { common.values[name] = nil }
    var grid = [(values: [SweptValue](), arguments: common)]
    for sweep in sweeps ?? [] {
      let (name, texts) = try Self.sweptOption(sweep, beside: parsed, grid.first?.values ?? [])
      try Self.check(runCount: grid.count * texts.count)
      grid = grid.flatMap { point in
        texts.map { text in
          var next = point
          next.values.append(SweptValue(option: name, text: text))
          next.arguments.values[name] = text
          return next
        }
      }
    }
    let seeds = try parsed.values[Self.seeds.name].map(Self.seeds(in:))
    try Self.check(runCount: grid.count * (seeds?.count ?? 1))
    runs = []
    for point in grid {
      for seed in seeds.map({ $0.map(Optional.some) }) ?? [nil] {
        runs.append(try ExperimentRun(point.arguments, point.values, seed: seed))
      }
    }
    var names: Set<String> = []
    if let twin = runs.first(where: { !names.insert($0.name).inserted }) {
      throw ConfigurationError(
        "--sweep gives \(twin.name) twice: give each value once.", option: Self.sweep.name)
    }
    jobCount = count
    directory = parsed.values["run-dir"] ?? runs[0].configuration.runDirectory
    var own = parsed.values
    own["run-dir"] = nil
    words = ["train"] + Command.train.words(of: own)
  }

  private static func check(runCount: Int) throws(ConfigurationError) {
    guard runCount > largestRunCount else { return }
    throw ConfigurationError(
      "--seeds and --sweep ask for more than \(largestRunCount) runs: use fewer values.",
      option: seeds.name)
  }

  /// Parses seeds such as `1..5` or `1,4,7`.
  private static func seeds(in text: String) throws(ConfigurationError) -> [UInt64] {
    var seeds: [UInt64] = []
    for part in text.components(separatedBy: ",") {
      let ends = part.components(separatedBy: "..").map(SettingFormat<UInt64>.integer.parse)
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last
      else {
        throw ConfigurationError(
          "--seeds \(text.isEmpty ? "''" : text) is not a list of seeds: write it like 1..5 or "
            + "1,4,7.", option: Self.seeds.name)
      }
      guard last - first < largestRunCount else { try check(runCount: .max); continue }
      seeds += first...last
    }
    var known: Set<UInt64> = []
    if let twin = seeds.first(where: { !known.insert($0).inserted }) {
      throw ConfigurationError(
        "--seeds \(text) has \(twin) twice: give each seed once.", option: Self.seeds.name)
    }
    return seeds
  }

  /// Parses the values of one option, such as `learning-rate=1e-3,3e-3`.
  ///
  /// - Parameters:
  ///   - text: the name and the values; semicolons separate values that contain commas.
  ///   - parsed: the options of the command line, which must not set the same one.
  ///   - earlier: the options of earlier sweeps.
  private static func sweptOption(
    _ text: String, beside parsed: ParsedArguments, _ earlier: [SweptValue]
  ) throws(ConfigurationError) -> (name: String, texts: [String]) {
    func refuse(_ reason: String) -> ConfigurationError {
      ConfigurationError(
        "--sweep \(text.isEmpty ? "''" : text) \(reason)", option: Self.sweep.name)
    }
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty else {
      throw refuse("has no values: write it like learning-rate=1e-3,3e-3.")
    }
    let (name, values) = (String(parts[0]), String(parts[1]))
    let names = TrainingConfiguration.settings.map(\.name)
    switch name {
    case "seed": throw refuse("is for other options than the seed: use --seeds.")
    case "run-dir": throw refuse("names run-dir, but each run has its own directory: leave it out.")
    case _ where !names.contains(name):
      let nearest = NearestMatch.find(name, among: names).map { " Did you mean \($0)?" } ?? ""
      throw refuse("names '\(name)', which is not an option of training.\(nearest)")
    case _ where parsed.values[name] != nil:
      throw refuse("and --\(name) exclude each other: give one of them.")
    case _ where earlier.contains { $0.option == name }:
      throw refuse("names \(name) once more: give all of its values together.")
    default: return (name, values.components(separatedBy: values.contains(";") ? ";" : ","))
    }
  }
}

extension ExperimentRun {
  /// Interprets the arguments of a run as those of `rlplay train`.
  ///
  /// - Parameters:
  ///   - arguments: the options, with the swept ones.
  ///   - swept: the swept options.
  ///   - seed: the seed if the experiment sets it.
  fileprivate init(
    _ arguments: ParsedArguments, _ swept: [SweptValue], seed: UInt64?
  ) throws(ConfigurationError) {
    var arguments = arguments
    if let seed { arguments.values["seed"] = "\(seed)" }
    let (configuration, given) = try Command.trainingConfiguration(arguments)
    guard configuration.metricsFiles.contains(.jsonl) else {
      throw ConfigurationError(
        "--log must include jsonl in an experiment, which compares the metrics of its runs.",
        option: "log")
    }
    self.configuration = configuration
    self.given = given
    values = swept.map { value in
      let setting = TrainingConfiguration.settings.first { $0.name == value.option }
      return SweptValue(
        option: value.option, text: setting?.read(configuration).text ?? value.text)
    }
    let setup = values.map { "\($0.option)=\($0.text)" }.joined(separator: ",")
    // A name of a directory with every value in it, whatever characters it has.
    let safe = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_.=,+:@"))
    let folder = setup.addingPercentEncoding(withAllowedCharacters: safe) ?? setup
    name = ([folder] + (seed.map { ["seed-\($0)"] } ?? [])).filter { !$0.isEmpty }
      .joined(separator: "/")
    words = ["train"] + Command.train.words(of: arguments.values)
  }
}
