import Foundation
import Learner
import Rollout

/// `rlplay report`.
struct ReportCommand: Subcommand, Equatable {
  /// Runs, or directories of runs; empty for the newest run.
  var targets: [String] = []
  /// The file to write; nil for `report.html` in the directory of the runs.
  var output: String?
  /// The directory for the data of each figure; nil for none.
  var tables: String?
  /// The directory for a drawing of each figure; nil for none.
  var drawings: String?
  /// The horizontal axis of data and drawings.
  var clock = RunMetrics.Clock.steps
  /// True to renew the report until its runs have ended.
  var isFollowing = false
  /// True to play an episode.
  var playsEpisode = true
  /// The seed of the episode.
  var seed: UInt64 = 1
  /// The consent to start the program of an environment.
  var consent = Consent()

  static let settings: [Setting<ReportCommand>] = [
    Setting(
      "output", "FILE", \.output, .optional(.text, orWord: "auto"), in: .options,
      "File to write; auto is report.html in the run's directory, or in that of several runs."),
    Setting(
      "follow", \.isFollowing, negatable: false, in: .options,
      "Renew the report every two seconds until the runs have ended."),
    Setting(
      "csv", "DIR", \.tables, .optional(.text, orWord: "none"), in: .options,
      "Also write the data of each figure as a file of comma-separated values."),
    Setting(
      "svg", "DIR", \.drawings, .optional(.text, orWord: "none"), in: .options,
      "Also write each figure as an SVG file."),
    Setting(
      "axis", "steps|time", \.clock, .choice, in: .options,
      "Horizontal axis of the files of --csv and --svg; the page has both."),
    Setting(
      "episode", \.playsEpisode, in: .options,
      "Play an episode with the best weights, and show what the policy does."),
    Setting("seed", "N", \.seed, .integer, in: .options, "Seed of the episode."),
    Setting(
      "trust", \.consent.trusts, negatable: false, in: .options,
      "Start Python with the environment that the run names: its code can do all that you can."),
    .python(\.consent.python, in: .options),
  ]

  private static let renewalSeconds = 2
  private static let fileName = "report.html"

  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError) {
    targets = parsed.arguments
  }

  func run() throws -> Int32 {
    let (directories, parent) = try Self.runs(targets)
    let output =
      self.output.map { URL(fileURLWithPath: $0) } ?? parent?.appendingPathComponent(Self.fileName)
      ?? URL(fileURLWithPath: Self.fileName)
    for path in [tables, drawings].compactMap(\.self) {
      try RunDirectory.createWithParents(URL(fileURLWithPath: path, isDirectory: true))
    }
    // The episode of an environment is closed after Ctrl-C.
    Interruption.listen()
    var reporter = Reporter(directories.map(RecordedRun.init), self)
    try write(reporter.report(), to: output, isFollowing: reporter.isFollowing)
    print(output.relativePath.escapingControls)
    while reporter.isFollowing, Interruption.requested == nil {
      // A signal ends the sleep.
      sleep(UInt32(Self.renewalSeconds))
      guard Interruption.requested == nil, reporter.update() else { continue }
      try write(reporter.report(), to: output, isFollowing: reporter.isFollowing)
    }
    guard let signal = Interruption.requested else { return 0 }
    // The page is left as one that no longer reloads.
    if isFollowing { try write(reporter.report(), to: output, isFollowing: false) }
    return 128 + signal
  }

  /// Returns the runs of the arguments, and the directory for their report.
  ///
  /// That of several arguments is the current one, nil.
  private static func runs(_ targets: [String]) throws -> ([RunDirectory], URL?) {
    let found =
      try targets.isEmpty
      ? [RunDirectory.all(named: nil)] : targets.map { try RunDirectory.all(named: $0) }
    var runs: [RunDirectory] = []
    for run in found.flatMap(\.runs) where !runs.contains(run) { runs.append(run) }
    return (runs, found.count == 1 ? found[0].directory : nil)
  }

  private func write(_ report: Report, to output: URL, isFollowing: Bool) throws {
    let page = report.page(reloadSeconds: isFollowing ? Self.renewalSeconds : nil)
    try AtomicFile.write(Data(page.utf8), to: output)
    guard tables != nil || drawings != nil else { return }
    for figure in report.figures(over: clock) {
      if let path = tables {
        try AtomicFile.write(
          Data(figure.csv.utf8), to: URL(fileURLWithPath: "\(path)/\(figure.fileName).csv"))
      }
      if let path = drawings {
        try AtomicFile.write(
          Data(figure.document.utf8), to: URL(fileURLWithPath: "\(path)/\(figure.fileName).svg"))
      }
    }
  }
}

/// The runs of a report while it is renewed.
private struct Reporter {
  private var runs: [RecordedRun]
  private let options: ReportCommand
  /// The policy and its episode, and the checkpoint of which they are.
  private var shown: (file: String, policy: ReportedPolicy?, episode: PlayedEpisodeFigures?)?
  private var notes: [String] = []

  init(_ runs: [RecordedRun], _ options: ReportCommand) {
    (self.runs, self.options) = (runs, options)
  }

  /// True if a run goes on and the report is to be renewed.
  var isFollowing: Bool {
    options.isFollowing && runs.contains { $0.state == .running }
  }

  /// Reads what is new; returns false if nothing is.
  mutating func update() -> Bool {
    var isNew = false
    for index in runs.indices where runs[index].update() { isNew = true }
    return isNew
  }

  /// Draws the report; what the best policy lacks is said in a note.
  mutating func report() -> Report {
    show()
    return Report(runs, policy: shown?.policy, episode: shown?.episode, notes: notes)
  }

  /// Reads the policy of the best run, and plays an episode, if there is a new checkpoint.
  private mutating func show() {
    let best = runs.indices.max { one, other in
      (runs[one].bestReturn ?? -.infinity, other) < (runs[other].bestReturn ?? -.infinity, one)
    }
    guard let run = best.map({ runs[$0] }) else { return }
    let time = FileLookup.modificationTime(run.directory.bestCheckpoint.path)
    let file = "\(run.directory.path) \(time.map { "\($0)" } ?? "none")"
    guard shown?.file != file else { return }
    shown = (file, nil, nil)
    notes = []
    do {
      let policy = try ReportedPolicy(of: run.directory)
      shown?.policy = policy
      guard options.playsEpisode else { return }
      var player = policy.player
      if player.environment.startsProgram {
        guard options.consent.trusts else {
          notes = [
            "No episode was played, since that starts the program of \(player.environment.id): "
              + "use --trust if you trust the run."
          ]
          return
        }
        player.environment.python = options.consent.python
        player.environment.rendersPictures = true
      }
      let episode = try PlayedEpisodeFigures(
        policy, player: player, seed: options.seed, configuration: run.configuration)
      shown?.episode = episode
    } catch let error where Interruption.requested == nil {
      notes = ["\(error)"]
    } catch {}
  }
}

extension Command {
  static let report = Command(
    ReportCommand.self,
    name: "report",
    summary: "Draw figures of runs as one HTML file.",
    argument: CommandArgument(
      placeholder: "RUN",
      help: "Runs, or directories of runs; the newest run under runs/ if none "
        + "is named.", isRepeatable: true))
}
