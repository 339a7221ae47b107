import Foundation
import Rollout

/// The map of an axis: numbers to pixels, and the ticks between them.
struct Scale {
  let isLogarithmic: Bool
  /// The numbers at the ends, of logarithms on a logarithmic axis.
  private let bounds: ClosedRange<Double>
  /// The pixels at the ends; a vertical axis falls.
  private let pixels: (first: Double, last: Double)

  /// Creates a scale that contains all numbers.
  ///
  /// - Parameters:
  ///   - numbers: the data; numbers that the axis cannot show are ignored.
  ///   - pixels: the pixels at the small and the large end.
  ///   - margin: the share of the axis that stays free at both ends.
  init(
    _ axis: Axis, numbers: some Sequence<Double>, pixels: (first: Double, last: Double),
    margin: Double
  ) {
    isLogarithmic = axis.isLogarithmic
    self.pixels = pixels
    let shown = numbers.lazy.filter { $0.isFinite && (!axis.isLogarithmic || $0 > 0) }
    var low = axis.limits?.lowerBound ?? shown.min() ?? (axis.isLogarithmic ? 0.1 : 0)
    var high = axis.limits?.upperBound ?? shown.max() ?? 1
    if axis.includesZero { (low, high) = (min(low, 0), max(high, 0)) }
    if axis.isLogarithmic { (low, high) = (log10(low), log10(high)) }
    if high - low <= 1e-9 * max(abs(low), abs(high)) || high == low {
      // A constant stands in the middle.
      let half = axis.isLogarithmic ? 0.5 : max(abs(low) / 10, 0.5)
      (low, high) = (low - half, high + half)
    } else if axis.limits == nil {
      let space = (high - low) * margin
      if !(axis.includesZero && low == 0) { low -= space }
      if !(axis.includesZero && high == 0) { high += space }
    }
    bounds = low...high
  }

  /// Returns the pixel of a number; nil if the axis cannot show it.
  func pixel(_ number: Double) -> Double? {
    guard number.isFinite, !isLogarithmic || number > 0 else { return nil }
    let place = isLogarithmic ? log10(number) : number
    let share = (place - bounds.lowerBound) / (bounds.upperBound - bounds.lowerBound)
    // Numbers beyond fixed limits end at the frame.
    return pixels.first + min(max(share, 0), 1) * (pixels.last - pixels.first)
  }

  /// The ticks, about `count` of them, with their labels.
  func ticks(count: Int) -> [(number: Double, label: String)] {
    if isLogarithmic, let ticks = logarithmicTicks(count: count) { return ticks }
    let numbers =
      isLogarithmic
      ? pow(10, bounds.lowerBound)...pow(10, bounds.upperBound) : bounds
    let step = Self.step((numbers.upperBound - numbers.lowerBound) / Double(count))
    let first = (numbers.lowerBound / step).rounded(.up)
    let last = (numbers.upperBound / step).rounded(.down)
    guard last >= first else { return [] }
    return stride(from: first, through: last, by: 1).compactMap { index in
      let number = index * step
      if isLogarithmic, number <= 0 { return nil }
      return (number, Self.label(number, step: step))
    }
  }

  /// Returns powers of ten, and their double and fivefold on a short axis.
  ///
  /// Nil if fewer than two are on the axis.
  private func logarithmicTicks(count: Int) -> [(number: Double, label: String)]? {
    let exponents = Int(bounds.lowerBound.rounded(.down))...Int(bounds.upperBound.rounded(.up))
    let span = bounds.upperBound - bounds.lowerBound
    let step = max(1, Int((span / Double(count)).rounded(.up)))
    let digits: [Double] = span > 2 ? [1] : span > 1.2 ? [1, 3] : [1, 2, 5]
    let ticks = exponents.filter { $0 % step == 0 }.flatMap { exponent in
      digits.compactMap { digit -> (number: Double, label: String)? in
        let power = pow(10, Double(exponent))
        guard bounds.contains(log10(digit * power)) else { return nil }
        let label =
          (-4...4).contains(exponent)
          ? Self.label(digit * power, step: power) : "\(Int(digit))e\(exponent)"
        return (digit * power, label)
      }
    }
    return ticks.count > 1 ? ticks : nil
  }

  /// Returns the smallest of 1, 2 and 5 times a power of ten that is at least a distance.
  private static func step(_ distance: Double) -> Double {
    let power = pow(10, log10(distance).rounded(.down))
    return [1, 2, 5, 10].lazy.map { $0 * power }.first { $0 >= distance * 0.999 } ?? power * 10
  }

  /// Returns a tick's number with as many digits as its distance to the next one requires.
  static func label(_ number: Double, step: Double) -> String {
    if number == 0 { return "0" }
    let size = max(abs(number), step)
    if size >= 1e15 || size < 1e-4 { return String(format: "%.3g", number) }
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where size >= unit * 0.9999 {
      // A thousand as 1000 reads more easily than 1k beside 500.
      if name == "k", size < 10_000, step < 1000 { break }
      return digits(number / unit, step: step / unit) + name
    }
    return digits(number, step: step)
  }

  private static func digits(_ number: Double, step: Double) -> String {
    let places = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
    return String(format: "%.\(min(places, 9))f", number).replacing("-", with: "−")
  }
}
