import Foundation
import Learner
import Rollout

/// Runs `rlplay report`.
enum ReportCommand {
  private static let renewalSeconds = 2
  private static let fileName = "report.html"

  static func run(_ options: ReportOptions) throws -> Int32 {
    let (directories, parent) = try runs(options.targets)
    let output =
      options.output.map { URL(fileURLWithPath: $0) } ?? parent?.appendingPathComponent(fileName)
      ?? URL(fileURLWithPath: fileName)
    for path in [options.tables, options.drawings].compactMap(\.self) {
      try RunDirectory.createWithParents(URL(fileURLWithPath: path, isDirectory: true))
    }
    // The episode of an environment is closed after Ctrl-C.
    Interruption.listen()
    var reporter = Reporter(directories.map(RecordedRun.init), options)
    try write(reporter.report(), to: output, options, isFollowing: reporter.isFollowing)
    print(output.relativePath.escapingControls)
    while reporter.isFollowing, Interruption.requested == nil {
      // A signal ends the sleep.
      sleep(UInt32(renewalSeconds))
      guard Interruption.requested == nil, reporter.update() else { continue }
      try write(reporter.report(), to: output, options, isFollowing: reporter.isFollowing)
    }
    guard let signal = Interruption.requested else { return 0 }
    // The page is left as one that no longer reloads.
    if options.isFollowing {
      try write(reporter.report(), to: output, options, isFollowing: false)
    }
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

  private static func write(
    _ report: Report, to output: URL, _ options: ReportOptions, isFollowing: Bool
  ) throws {
    let page = report.page(reloadSeconds: isFollowing ? renewalSeconds : nil)
    try AtomicFile.write(Data(page.utf8), to: output)
    guard options.tables != nil || options.drawings != nil else { return }
    for figure in report.figures(over: options.clock) {
      if let path = options.tables {
        try AtomicFile.write(
          Data(figure.csv.utf8), to: URL(fileURLWithPath: "\(path)/\(figure.fileName).csv"))
      }
      if let path = options.drawings {
        try AtomicFile.write(
          Data(figure.document.utf8), to: URL(fileURLWithPath: "\(path)/\(figure.fileName).svg"))
      }
    }
  }
}

/// The runs of a report while it is renewed.
private struct Reporter {
  private var runs: [RecordedRun]
  private let options: ReportOptions
  /// The policy and its episode, and the checkpoint of which they are.
  private var shown: (file: String, policy: ReportedPolicy?, episode: PlayedEpisodeFigures?)?
  private var notes: [String] = []

  init(_ runs: [RecordedRun], _ options: ReportOptions) {
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
