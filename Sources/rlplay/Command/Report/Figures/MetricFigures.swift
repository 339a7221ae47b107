import Foundation
import Learner

/// The figures of recorded metrics.
struct MetricFigures {
  /// The parts of a report, in order.
  enum Part: String, CaseIterable {
    case results = "Results"
    case learning = "Learning"
    case collection = "Collection"
    case others = "Other metrics"
  }

  /// A figure of metrics that share a vertical axis.
  private struct Plan {
    var part: Part
    var name: String
    var title: String
    /// The metrics with their names in the legend.
    var lines: [(metric: String, label: String)]
    var isLogarithmic = false
    /// True if the figure is left out as long as all numbers are zero.
    var isHiddenAtZero = false
    var caption: String?
  }

  private static func one(
    _ part: Part, _ metric: String, _ title: String, logarithmic: Bool = false,
    hiddenAtZero: Bool = false, _ caption: String? = nil
  ) -> Plan {
    Plan(
      part: part, name: metric.replacing("_", with: "-"), title: title, lines: [(metric, "")],
      isLogarithmic: logarithmic, isHiddenAtZero: hiddenAtZero, caption: caption)
  }

  private static let plans: [Plan] = [
    Plan(
      part: .results, name: "evaluation", title: "Evaluation return",
      lines: [("eval_return", "mean"), ("eval_median", "median"), ("eval_std", "std")],
      caption: "The band reaches from the smallest to the largest return of an evaluation."),
    one(.results, "episode_return", "Return of training episodes", "Mean of the latest hundred."),
    Plan(
      part: .results, name: "episode-length", title: "Episode length",
      lines: [("episode_length", "training"), ("eval_length", "evaluation")]),
    one(.learning, "loss", "Loss"),
    one(.learning, "policy_loss", "Policy loss"),
    one(.learning, "policy_score", "Policy score"),
    one(.learning, "value_loss", "Value loss", logarithmic: true),
    one(.learning, "td_error", "Error of action values", logarithmic: true),
    one(.learning, "q_mean", "Mean value of the actions taken"),
    one(.learning, "entropy", "Entropy of the policy"),
    one(
      .learning, "grad_norm", "Gradient norm", logarithmic: true,
      "Norm of the gradient of all weights before it is clipped."),
    one(
      .learning, "approx_kl", "Divergence from the acting policy", logarithmic: true,
      "mean(ρ − 1 − log ρ), nonnegative and 0 for equal policies."),
    one(.learning, "clip_fraction", "Clip fraction", "Share of steps with a clipped ratio."),
    one(
      .learning, "explained_variance", "Explained variance of the value",
      "1 for perfect value estimates, 0 for a constant."),
    one(.learning, "value_mean", "Mean value estimate"),
    one(.learning, "learning_rate", "Learning rate", logarithmic: true),
    one(.learning, "entropy_cost", "Entropy cost", logarithmic: true),
    one(.learning, "epsilon", "Exploration rate ε"),
    one(.collection, "steps_per_second", "Environment steps per second"),
    Plan(
      part: .collection, name: "lag", title: "Policy lag in updates",
      lines: [("lag_mean", "mean"), ("lag_max", "largest so far")]),
    Plan(
      part: .collection, name: "rho", title: "Probability ratio ρ = π/μ",
      lines: [("rho_mean", "mean"), ("rho_max", "largest")], isLogarithmic: true),
    one(.collection, "rho_clipped", "Share of clipped ratios", hiddenAtZero: true),
    one(.collection, "dropped_fragments", "Dropped fragments", hiddenAtZero: true),
    one(.collection, "worker_restarts", "Replaced workers", hiddenAtZero: true),
    one(.collection, "skipped_updates", "Skipped updates", hiddenAtZero: true),
  ]

  /// The metrics that are axes, or that the figure of evaluations shows as its band.
  private static let notDrawn: Set<String> = [
    "env_steps", "updates", "seconds", "episodes", "eval_env_steps", "eval_updates",
    "eval_episodes", "eval_min", "eval_max",
  ]

  let setUps: [SetUp]
  /// The entropy of even chances, in nats; nil if unknown.
  var largestEntropy: Double?

  /// Returns the figures of a part over a clock, without empty ones.
  func figures(of part: Part, over clock: RunMetrics.Clock) -> [Figure] {
    var plans = Self.plans.filter { $0.part == part }
    if part == .results { plans += information }
    if part == .others { plans += others }
    var figures = plans.map { figure($0, over: clock) }
    if part == .collection, setUps.count == 1 { figures += Self.histograms(of: setUps[0]) }
    if part == .learning, let layers = layerGradients(over: clock) {
      let index = figures.firstIndex { $0.name == "grad-norm" }.map { $0 + 1 }
      figures.insert(layers, at: index ?? figures.endIndex)
    }
    return figures.filter { !$0.isEmpty }
  }

  // MARK: Lines

  private func figure(_ plan: Plan, over clock: RunMetrics.Clock) -> Figure {
    let time = TimeUnit(of: clock, setUps)
    var figure = Figure(
      name: plan.name, title: plan.title, caption: plan.caption, x: Axis(label: time.label),
      y: Axis(isLogarithmic: plan.isLogarithmic), marks: [], hasClock: true)
    if plan.isHiddenAtZero, !hasNumber(of: plan) { return figure }
    if setUps.count == 1 {
      for (index, line) in plan.lines.enumerated() {
        let name = plan.lines.count > 1 ? line.label : ""
        figure.marks.append(
          mark(line.metric, setUps[0], over: clock, name: name, color: index, time))
      }
      figure.marks.removeAll { $0.points.isEmpty }
      // One line needs no legend.
      if figure.marks.count == 1 { figure.marks[0].name = "" }
    } else {
      figure.marks = setUps.enumerated().map { index, setUp in
        mark(plan.lines[0].metric, setUp, over: clock, name: setUp.name, color: index, time)
      }.filter { !$0.points.isEmpty }
    }
    if setUps.contains(where: { $0.runs.count > 1 }) {
      figure.caption = "Median of the runs and their quartiles."
    }
    if plan.name == "entropy", let largestEntropy, !figure.isEmpty {
      figure.marks.append(
        Mark(
          name: "even chances", shape: .level, color: 7, points: [Point(x: 0, y: largestEntropy)]))
    }
    return figure
  }

  private func mark(
    _ metric: String, _ setUp: SetUp, over clock: RunMetrics.Clock, name: String, color: Int,
    _ time: TimeUnit
  ) -> Mark {
    var lines = setUp.runs.map { $0.metrics.points(metric, over: clock) }
    if setUp.runs.count == 1 {
      if metric == "eval_return" {
        lines[0] = Self.withRange(lines[0], setUp.runs[0].metrics, over: clock)
      }
      lines[0] = Curve.thinned(lines[0])
    } else {
      lines = [Curve.median(of: lines)]
    }
    let points = lines[0].map { Point(x: $0.x / time.seconds, y: $0.y, range: $0.range) }
    let isMain = color == 0 || setUps.count > 1
    return Mark(
      name: name, shape: isMain ? .line : .dashes, color: color % Mark.colorCount, points: points)
  }

  /// Returns the mean returns of evaluations with the range of their episodes.
  private static func withRange(
    _ means: [Point], _ metrics: RunMetrics, over clock: RunMetrics.Clock
  ) -> [Point] {
    let low = metrics.points("eval_min", over: clock)
    let high = metrics.points("eval_max", over: clock)
    guard low.count == means.count, high.count == means.count else { return means }
    return means.indices.map { index in
      let (low, high) = (low[index].y, high[index].y)
      return Point(
        x: means[index].x, y: means[index].y, range: low <= high ? low...high : nil)
    }
  }

  private func hasNumber(of plan: Plan) -> Bool {
    setUps.contains { setUp in
      setUp.runs.contains { run in
        run.metrics.columns[plan.lines[0].metric]?.values.contains { $0 != 0 } ?? false
      }
    }
  }

  /// The names of all metrics, in the order in which they first appear.
  private var names: [String] {
    var names: [String] = []
    for run in setUps.flatMap(\.runs) {
      names += run.metrics.names.filter { !names.contains($0) }
    }
    return names
  }

  /// The prefixes of metrics from what environments tell, in training and in evaluations.
  private static let informationPrefixes = [
    (training: "info/", evaluation: "eval_info/", title: "at the end of episodes"),
    (training: "info_sum/", evaluation: "eval_info_sum/", title: "summed over episodes"),
  ]

  /// The figures of what environments tell, with training and evaluations side by side.
  private var information: [Plan] {
    let names = names
    return Self.informationPrefixes.flatMap { prefixes in
      names.filter { $0.hasPrefix(prefixes.training) }.map { metric in
        let name = metric.dropFirst(prefixes.training.count)
        return Plan(
          part: .results, name: metric.replacing("_", with: "-"),
          title: "\(name) \(prefixes.title)",
          lines: [(metric, "training"), (prefixes.evaluation + name, "evaluation")])
      }
    }
  }

  /// The figures of metrics that no plan names, such as those of a custom algorithm.
  private var others: [Plan] {
    let planned = Set((Self.plans + information).flatMap { $0.lines.map(\.metric) })
      .union(Self.notDrawn)
    return names.filter { !planned.contains($0) && !$0.hasPrefix(Self.layerPrefix) }
      .map { Self.one(.others, $0, $0) }
  }

  private static let layerPrefix = "grad_norm/"

  /// The gradient norms of layers, the largest eight in the end; nil without any.
  private func layerGradients(over clock: RunMetrics.Clock) -> Figure? {
    guard setUps.count == 1 else { return nil }
    let metrics = setUps[0].runs[0].metrics
    let names = metrics.names.filter { $0.hasPrefix(Self.layerPrefix) }
      .sorted { metrics.columns[$0]?.values.last ?? 0 > metrics.columns[$1]?.values.last ?? 0 }
    guard !names.isEmpty else { return nil }
    return figure(
      Plan(
        part: .learning, name: "layer-gradients", title: "Gradient norm by layer",
        lines: names.prefix(8).map { ($0, String($0.dropFirst(Self.layerPrefix.count))) },
        isLogarithmic: true), over: clock)
  }
}

/// The unit of a horizontal axis.
struct TimeUnit {
  /// The label of the axis.
  let label: String
  /// The number of seconds in the unit; 1 for environment steps.
  let seconds: Double

  /// Chooses the unit in which the longest run has a readable number.
  init(of clock: RunMetrics.Clock, _ setUps: [SetUp]) {
    let longest = setUps.flatMap(\.runs).compactMap { run in
      run.metrics.seconds.last { $0.isFinite }
    }.max()
    switch (clock, longest ?? 0) {
    case (.steps, _): (label, seconds) = ("environment steps", 1)
    case (.time, ..<300): (label, seconds) = ("seconds", 1)
    case (.time, ..<18_000): (label, seconds) = ("minutes", 60)
    case (.time, _): (label, seconds) = ("hours", 3600)
    }
  }
}
