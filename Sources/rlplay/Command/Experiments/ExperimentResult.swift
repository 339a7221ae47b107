import Foundation
import Learner
import Rollout

/// The result of a run of an experiment, so far.
struct ExperimentResult {
  let run: ExperimentRun
  let directory: RunDirectory
  /// The state of the run; nil before its first start.
  var state: RunOverview.State?
  /// The sentence of the error that ended it; nil without one.
  var error: String?
  /// The files of the run; nil if there are none yet.
  let overview: RunOverview?

  /// Reads the directory of a run.
  init(_ run: ExperimentRun, _ directory: RunDirectory) {
    self.run = run
    self.directory = directory
    overview =
      FileLookup.kind(directory.configuration.path) == nil ? nil : RunOverview(of: directory)
    state = overview?.state
    error = overview?.error
  }

  /// True if the run will not be repeated: it is done, or diverged, which is a result too.
  var isFinal: Bool { state == .done || state == .diverged }

  /// The random seed, as drawn if none was given.
  var seed: UInt64? { run.configuration.seed ?? overview?.configuration?.seed }

  /// True if the run reached its target return.
  var hasReached: Bool { state == .done && overview?.reached != nil }

  /// The command that trains the run anew.
  var command: String {
    let needsSeed = run.configuration.seed == nil
    let words = run.words + (needsSeed ? seed.map { ["--seed", "\($0)"] } ?? [] : [])
    return ([ProgramName.shown] + words).map(\.shellQuoted).joined(separator: " ")
  }

  var json: OrderedJSON {
    var object = OrderedJSON()
    object.set("run_dir", directory.path)
    object.set("seed", seed)
    object.set("state", state?.rawValue ?? "waiting")
    object.set("error", error)
    object.set("env_steps", overview?.steps)
    object.set("seconds", overview?.seconds)
    object.set("eval_return", overview?.lastReturn)
    object.set("best_return", overview?.bestReturn)
    object.set("reached", run.configuration.untilReturn.map { _ in hasReached })
    object.set("steps_to_return", hasReached ? overview?.reached?.steps : nil)
    object.set("seconds_to_return", hasReached ? overview?.reached?.seconds : nil)
    return object
  }
}

/// A figure that the runs of an experiment are compared by.
enum ExperimentFigure: String, CaseIterable {
  // In the order in which they decide about the best.
  case stepsToReturn = "steps_to_return"
  case secondsToReturn = "seconds_to_return"
  case last, best

  /// The title of its column.
  var title: String {
    switch self {
    case .stepsToReturn: "steps to return"
    case .secondsToReturn: "seconds to return"
    case .last: "last evaluation"
    case .best: "best evaluation"
    }
  }

  /// True if the figure depends on a target return.
  var needsTarget: Bool { self == .stepsToReturn || self == .secondsToReturn }

  /// Returns the figure of a run; nil if it has none.
  ///
  /// It is the worst one for a run that diverged, or that missed its target return.
  func value(of result: ExperimentResult) -> Double? {
    guard result.isFinal, !needsTarget || result.run.configuration.untilReturn != nil else {
      return nil
    }
    let done = result.state == .done ? result.overview : nil
    return switch self {
    case .stepsToReturn: done?.reached.map { Double($0.steps) } ?? .infinity
    case .secondsToReturn: done?.reached?.seconds ?? .infinity
    case .last: done == nil ? -.infinity : done?.lastReturn
    case .best: done == nil ? -.infinity : done?.bestReturn
    }
  }

  /// Returns a value for display.
  func text(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    return switch self {
    case .stepsToReturn: NumberText.grouped(value)
    case .secondsToReturn: NumberText.fixed(value, 2)
    case .last, .best: NumberText.fixed(value, 1)
    }
  }

  /// Returns numbers by which runs and set-ups are sorted, the best first.
  static func rank(_ value: (ExperimentFigure) -> Double?) -> [Double] {
    allCases.filter { $0 != .secondsToReturn }.map { figure in
      let value = value(figure) ?? .nan
      return value.isNaN ? .infinity : figure.needsTarget ? value : -value
    }
  }
}

/// The runs of an experiment that differ in nothing but their seeds.
struct ExperimentSetup {
  let values: [SweptValue]
  let results: [ExperimentResult]
  /// The values of each figure over the runs that have it.
  private let figures: [ExperimentFigure: [Double]]

  private init(_ results: [ExperimentResult]) {
    values = results[0].run.values
    self.results = results
    figures = Dictionary(
      uniqueKeysWithValues: ExperimentFigure.allCases.map { figure in
        (figure, results.compactMap { figure.value(of: $0) })
      })
  }

  /// Returns the median and the quartiles of a figure for display.
  func text(_ figure: ExperimentFigure) -> String {
    let values = figures[figure] ?? []
    let (median, quartiles) = (values.median, [0.25, 0.75].map(values.quantile))
    guard values.count > 1, quartiles.contains(where: \.isFinite) else {
      return figure.text(median)
    }
    return "\(figure.text(median)) (\(quartiles.map(figure.text).joined(separator: " to ")))"
  }

  /// Returns the set-ups of an experiment, the best first.
  static func sorted(_ results: [ExperimentResult]) -> [ExperimentSetup] {
    var groups: [[ExperimentResult]] = []
    for result in results {
      if groups.last?.last?.run.values == result.run.values {
        groups[groups.count - 1].append(result)
      } else {
        groups.append([result])
      }
    }
    return groups.map(ExperimentSetup.init).sortedByRank { setup in
      ExperimentFigure.rank { setup.figures[$0]?.median }
    }
  }

  /// The best run; nil if no run has a finite figure.
  var bestResult: ExperimentResult? {
    func rank(_ result: ExperimentResult) -> [Double] {
      ExperimentFigure.rank { $0.value(of: result) }
    }
    return results.filter { rank($0).contains(where: \.isFinite) }.sortedByRank(rank).first
  }

  var json: OrderedJSON {
    var swept = OrderedJSON()
    for value in values { swept.set(value.option, value.text) }
    var object = OrderedJSON()
    object.set("values", swept)
    for figure in ExperimentFigure.allCases {
      let values = figures[figure] ?? []
      var quartiles = OrderedJSON()
      for (name, share) in [("median", 0.5), ("q1", 0.25), ("q3", 0.75)] {
        quartiles.set(name, values.quantile(share))
      }
      object.set(figure.rawValue, quartiles)
    }
    object.set("runs", results.map(\.json))
    return object
  }
}

extension Array {
  /// Returns the elements by ascending ranks, the first number that differs deciding.
  fileprivate func sortedByRank(_ rank: (Element) -> [Double]) -> [Element] {
    let ranked = enumerated().map { ($1, rank($1) + [Double($0)]) }
    return ranked.sorted { $0.1.lexicographicallyPrecedes($1.1) }.map(\.0)
  }
}
