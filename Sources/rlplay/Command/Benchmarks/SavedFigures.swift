import Foundation
import Rollout

/// The figures that an earlier run of `rlplay bench --json` wrote to a file.
struct SavedFigures {
  /// The key of the object with the environment of `--env`.
  static let environmentName = "env"

  private let object: OrderedJSON

  /// Reads a file that holds one object.
  ///
  /// - Throws: `ConfigurationError` about `--compare`.
  init(contentsOfFile path: String) throws(ConfigurationError) {
    func refuse(_ finding: String) -> ConfigurationError {
      ConfigurationError(
        "--compare \(path) \(finding): name a file with the output of "
          + "'\(ProgramName.shown) bench --json'.", option: "compare")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw refuse("cannot be read")
    }
    do {
      guard case .object(let object) = try JSONReader.value(of: data) else {
        throw refuse("does not hold an object")
      }
      self.object = object
    } catch let error as JSONReader.Mistake {
      throw refuse("is not JSON: line \(error.line), column \(error.column) \(error.finding)")
    } catch {
      throw refuse("does not hold an object")
    }
  }

  init(_ object: OrderedJSON) { self.object = object }

  /// Returns a sentence if the figures are from another machine or build; nil otherwise.
  func difference(from machine: Machine) -> String? {
    guard let saved = object["machine"], saved != machine.json.jsonValue else { return nil }
    return "the figures to compare with are from another machine or build: \(saved.text)"
  }

  /// Returns a sentence if the figures are of another environment or batch; nil otherwise.
  func difference(from environment: OrderedJSON) -> String? {
    guard let saved = object[Self.environmentName], saved != environment.jsonValue
    else { return nil }
    return "the figures to compare with are of another environment: \(saved.text)"
  }

  /// Returns the comparison of a figure with the saved one; nil if there is none.
  func compare(_ figure: MeasuredFigure) -> FigureComparison? {
    guard let saved = object[figure.name]?.number, saved.isFinite, saved != 0 else { return nil }
    var range = saved...saved
    if case .object(let quartiles)? = object[MeasuredFigure.quartilesName],
      case .list(let bounds)? = quartiles[figure.name],
      bounds.count == 2, let low = bounds[0].number, let high = bounds[1].number, low <= high
    {
      range = low...high
    }
    return FigureComparison(figure: figure, saved: saved, savedRange: range)
  }
}

/// A figure over several rounds.
struct MeasuredFigure {
  /// The key of the object with the quartiles of all figures.
  static let quartilesName = "quartiles"

  let name: String
  let unit: BenchmarkUnit
  /// The values of all rounds.
  var samples: [Double]

  /// The median over all rounds.
  var value: Double { samples.median }
  /// The interquartile range.
  var range: ClosedRange<Double> { samples.quantile(0.25)...samples.quantile(0.75) }
}

/// A figure beside the saved one.
struct FigureComparison {
  /// The relative difference of medians up to which figures count as equal.
  static let tolerance = 0.03

  let figure: MeasuredFigure
  let saved: Double
  let savedRange: ClosedRange<Double>

  /// The figure divided by the saved one.
  var ratio: Double { figure.value / saved }

  /// True if the figure is worse by more than the tolerance and the interquartile ranges do not
  /// overlap.
  var isSlower: Bool {
    figure.unit.isTime
      ? ratio > 1 + Self.tolerance && figure.range.lowerBound > savedRange.upperBound
      : ratio < 1 - Self.tolerance && figure.range.upperBound < savedRange.lowerBound
  }

  /// The sentence that reports it.
  var text: String {
    "\(figure.name) is slower: \(figure.unit.text(figure.value)), before "
      + "\(figure.unit.text(saved)), \(NumberText.fixed(ratio, 2)) ×"
  }
}
