import Foundation
import Learner
import Rollout

/// The figures, tables and texts of one or several runs.
struct Report {
  let setUps: [SetUp]
  /// The policy of the run with the best evaluation; nil if it has no checkpoint yet.
  let policy: ReportedPolicy?
  /// The episode that the policy played; nil without one.
  let episode: PlayedEpisodeFigures?
  /// Sentences about parts that are missing.
  let notes: [String]

  private let figures: MetricFigures

  init(
    _ runs: [RecordedRun], policy: ReportedPolicy?, episode: PlayedEpisodeFigures?,
    notes: [String]
  ) {
    setUps = SetUp.all(of: runs)
    (self.policy, self.episode, self.notes) = (policy, episode, notes)
    figures = MetricFigures(setUps: setUps, largestEntropy: policy?.largestEntropy)
  }

  private var runs: [RecordedRun] { setUps.flatMap(\.runs) }

  // MARK: Files

  /// Returns all figures over a clock.
  func figures(over clock: RunMetrics.Clock) -> [Figure] {
    MetricFigures.Part.allCases.flatMap { figures.figures(of: $0, over: clock) } + otherFigures
  }

  private var otherFigures: [Figure] {
    ClippedSurrogateFigures.all(of: setUps[0]) + (episode?.figures ?? [])
      + (policy?.stepEmbedding ?? [])
  }

  // MARK: Page

  /// Returns the report as an HTML document.
  ///
  /// - Parameter reloadSeconds: the time after which a browser reads it again; nil for never.
  func page(reloadSeconds: Int?) -> String {
    var page = Page(title: title)
    page.body += "<h1>\(title.htmlEscaped)</h1>\n"
    page.body += "<p class=\"quiet\">\(subtitle.htmlEscaped)</p>\n"
    if runs.count == 1 { page.add(cards: cards(of: runs[0])) } else { addTable(to: &page) }
    for sentence in runs.flatMap(\.faults) + runs.compactMap(\.error) { page.add(note: sentence) }
    if runs.contains(where: { !$0.metrics.steps.isEmpty }) {
      page.body += """
        <p class="clock"><label><input type="radio" name="clock" id="over-steps" checked> \
        environment steps</label> <label><input type="radio" name="clock" id="over-time"> \
        wall time</label></p>

        """
    } else {
      page.add(note: "There are no records in metrics.jsonl yet.")
    }
    for part in MetricFigures.Part.allCases {
      addFigures(of: part, to: &page)
      if part == .learning, setUps.count == 1 {
        page.add(figures: ClippedSurrogateFigures.all(of: setUps[0]).map(Page.figure))
      }
    }
    addEpisode(to: &page)
    addWeights(to: &page)
    addSetUp(to: &page)
    return page.document(reloadSeconds: reloadSeconds)
  }

  private var title: String {
    if runs.count == 1 {
      let configuration = runs[0].configuration
      let environment = configuration?.environment.id ?? runs[0].directory.url.lastPathComponent
      return [environment, configuration?.algorithm.name, configuration?.seed.map { "seed \($0)" }]
        .compactMap(\.self).joined(separator: " · ")
    }
    if setUps.count == 1 { return "\(setUps[0].name) · \(runs.count) runs" }
    return "\(setUps.count) set-ups · \(runs.count) runs"
  }

  private var subtitle: String {
    let names = runs.count == 1 ? "\(runs[0].directory.path) · " : ""
    return "\(names)rlplay \(releaseVersion) · drawn \(Date.now.formatted(.iso8601))"
  }

  private func cards(of run: RecordedRun) -> [(value: String, name: String)] {
    var cards: [(value: String, name: String)] = [(run.state.rawValue, "state")]
    if let best = run.bestReturn { cards.append((Self.number(best), "best evaluation")) }
    if let last = run.lastReturn { cards.append((Self.number(last), "last evaluation")) }
    if let steps = run.steps {
      let total = run.configuration.map { " of " + NumberText.grouped($0.totalSteps) } ?? ""
      cards.append((NumberText.grouped(steps), "environment steps\(total)"))
    }
    if let updates = run.last("updates") { cards.append((NumberText.grouped(updates), "updates")) }
    if let seconds = run.metrics.seconds.last(where: \.isFinite) {
      cards.append((Self.duration(seconds), "wall time"))
      if let steps = run.steps, seconds > 0 {
        cards.append((NumberText.short(Double(steps) / seconds), "steps per second"))
      }
    }
    return cards
  }

  private func addTable(to page: inout Page) {
    let rows = setUps.flatMap { setUp in
      setUp.runs.map { run in
        [
          run.directory.path, setUp.name, run.configuration?.seed.map(String.init) ?? "",
          run.state.rawValue, run.steps.map(NumberText.grouped) ?? "",
          run.lastReturn.map(Self.number) ?? "", run.bestReturn.map(Self.number) ?? "",
          run.metrics.seconds.last { $0.isFinite }.map(Self.duration) ?? "",
        ]
      }
    }
    let titles = ["run", "set-up", "seed", "state", "steps", "last", "best", "time"]
    let table = Page.table(rows, titles: titles, numbers: [2, 4, 5, 6, 7])
    page.add(heading: "Runs")
    if rows.count > 12 {
      page.add(details: table, summary: "\(rows.count) runs")
    } else {
      page.body += table
    }
  }

  private func addFigures(of part: MetricFigures.Part, to page: inout Page) {
    let overTime = figures.figures(of: part, over: .time)
    let drawings = figures.figures(of: part, over: .steps).map { figure in
      guard figure.hasClock, let other = overTime.first(where: { $0.name == figure.name }) else {
        return Page.figure(figure)
      }
      return Page.figure([(.steps, figure), (.time, other)])
    }
    if !drawings.isEmpty { page.add(heading: part.rawValue) }
    page.add(figures: drawings)
  }

  private func addEpisode(to page: inout Page) {
    guard episode != nil || !notes.isEmpty else { return }
    page.add(heading: "An episode")
    if let episode {
      page.body += "<p class=\"quiet\">\(episode.summary.htmlEscaped)</p>\n"
      page.add(
        figures: (episode.animation.map {
          [Page.picture($0, title: "Animation", caption: episode.animationCaption)]
        } ?? []) + episode.figures.map(Page.figure))
    }
    for note in notes { page.add(note: note) }
  }

  private func addWeights(to page: inout Page) {
    guard let policy else { return }
    page.add(heading: "Weights")
    page.body += "<p class=\"quiet\">\(policy.url.relativePath.htmlEscaped)</p>\n"
    page.add(figures: policy.stepEmbedding.map(Page.figure))
    page.add(figures: policy.pictures, class: "weights")
  }

  private func addSetUp(to page: inout Page) {
    page.add(heading: "Set-up")
    for setUp in setUps {
      guard let configuration = setUp.runs[0].configuration else { continue }
      let all = TrainingConfiguration.settings.map { setting in
        (setting.name, setting.read(configuration).text)
      }
      let usual = TrainingConfiguration(configuration.algorithm)
      let changed = zip(TrainingConfiguration.settings, all).filter { setting, option in
        setting.read(usual).text != option.1 && !["seed", "run-dir"].contains(setting.name)
      }.map { "--\($1.0) \($1.1)" }
      let name = setUps.count > 1 ? "\(setUp.name): " : ""
      page.body +=
        "<p>\(name.htmlEscaped)"
        + (changed.isEmpty
          ? "all options have their defaults."
          : "<code>\(changed.joined(separator: " ").htmlEscaped)</code>") + "</p>\n"
      page.add(
        details: Page.table(all.map { [$0.0, $0.1] }, titles: []),
        summary: "All options" + (setUps.count > 1 ? " of \(setUp.name)" : ""))
    }
    if let description = policy?.description {
      page.add(
        details: "<pre>\(description.text.htmlEscapedLines)</pre>", summary: "Policy and layers")
    }
    let machines = Set(runs.compactMap(\.machine)).sorted()
    if !machines.isEmpty { page.body += "<p>\(machines.joined(separator: "; ").htmlEscaped)</p>\n" }
  }

  // MARK: Text

  private static func number(_ value: Double) -> String { NumberText.significant(value) }

  private static func duration(_ seconds: Double) -> String {
    seconds < 60 ? "\(NumberText.significant(seconds)) s" : NumberText.duration(seconds)
  }
}
