import Learner
import Rollout

extension MetricFigures {
  /// Returns the recorded histograms of a set-up over all records of its runs.
  ///
  /// All bins are drawn equally wide, since most numbers are in the narrow ones.
  static func histograms(of setUp: SetUp) -> [Figure] {
    let plans: [(metric: String, title: String, unit: String, bins: Histogram)] = [
      ("rho_histogram", "Histogram of ρ = π/μ", "ρ", .ratios),
      ("lag_histogram", "Histogram of policy lag", "updates", .lags),
      ("episode_return_histogram", "Returns of all training episodes", "return", .magnitudes),
      ("episode_length_histogram", "Lengths of all training episodes", "steps", .magnitudes),
    ]
    return plans.map { plan in
      var counts: [Double: Int] = [:]
      for run in setUp.runs {
        counts.merge(run.metrics.histograms[plan.metric] ?? [:]) {
          $0.addingReportingOverflow($1).0
        }
      }
      return figure(
        named: plan.metric.replacing("_", with: "-"), plan.title, plan.unit,
        counts: plan.bins.limits.map { counts[$0] ?? 0 }, limits: plan.bins.limits)
    }
  }

  private static func figure(
    named name: String, _ title: String, _ unit: String, counts: [Int], limits: [Double]
  ) -> Figure {
    var figure = Figure(
      name: name, title: title, x: Axis(label: unit), y: Axis(unit: " %", includesZero: true),
      marks: [])
    guard let first = counts.firstIndex(where: { $0 > 0 }),
      let last = counts.lastIndex(where: { $0 > 0 })
    else { return figure }
    let total = counts.reduce(0.0) { $0 + Double($1) }
    let points = (first...last).map { bin in
      let low = bin == 0 ? "" : NumberText.significant(limits[bin - 1])
      let high = limits[bin] == .infinity ? "" : NumberText.significant(limits[bin])
      let range =
        low.isEmpty ? "up to \(high)" : high.isEmpty ? "above \(low)" : "above \(low) to \(high)"
      let percent = 100 * Double(counts[bin]) / total
      return Point(
        x: limits[bin], y: percent, range: Double(bin)...Double(bin + 1),
        label: "\(range): \(NumberText.significant(percent)) %")
    }
    figure.marks = [Mark(name: "", shape: .bars, color: 0, points: points)]
    figure.x.ticks = (first...last).filter { limits[$0].isFinite }.map { bin in
      // A bin of a single integer is named below its bar, others end at their limits.
      let isInteger =
        unit == "updates" && (bin == 0 || limits[bin] == limits[bin - 1] + 1)
      return (Double(bin) + (isInteger ? 0.5 : 1), NumberText.significant(limits[bin]))
    }
    figure.x.limits = Double(first)...Double(last + 1)
    return figure
  }
}
