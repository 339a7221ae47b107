import Learner
import Rollout

/// The figures of PPO's objective min(ρ A, clip(ρ, 1 − ε, 1 + ε) A) over ρ.
///
/// Source: Schulman et al., Proximal Policy Optimization Algorithms, arXiv 1707.06347, figure 1.
enum ClippedSurrogateFigures {
  /// Returns the objective for advantages of 1 and −1 above the recorded ratios.
  static func all(of setUp: SetUp) -> [Figure] {
    guard let configuration = setUp.runs[0].configuration,
      ["ppo", "appo"].contains(configuration.algorithm.name)
    else { return [] }
    let clip = configuration.clip.first
    let moment = configuration.clip.isConstant ? "" : " at first"
    return [1.0, -1.0].map { advantage in
      let isPositive = advantage > 0
      let limits = isPositive ? 0.0...2.0 : -2.0...0.0
      let ratios = (0...200).map { Double($0) / 100 }
      func line(_ objective: (Double) -> Double) -> [Point] {
        ratios.map { Point(x: $0, y: objective($0)) }
      }
      return Figure(
        name: isPositive ? "surrogate-positive" : "surrogate-negative",
        title: "Clipped objective, advantage \(isPositive ? "1" : "−1")",
        caption: "ε = \(NumberText.significant(clip))\(moment). Gray: the ρ that were recorded, "
          + "narrower bins higher than their share.",
        x: Axis(label: "ρ = π/μ", limits: 0...2), y: Axis(limits: limits),
        marks: [
          Mark(
            name: "", shape: .bars, color: 7,
            points: background(of: setUp, from: limits.lowerBound, height: 0.5)),
          Mark(name: "unclipped", shape: .dashes, color: 1, points: line { $0 * advantage }),
          Mark(
            name: "clipped", shape: .line, color: 0,
            points: line { ratio in
              min(ratio * advantage, min(max(ratio, 1 - clip), 1 + clip) * advantage)
            }),
        ])
    }
  }

  /// Returns the density of the recorded ratios up to 2 as bars of a given largest height.
  private static func background(
    of setUp: SetUp, from base: Double, height: Double
  ) -> [Point] {
    var bars: [(range: ClosedRange<Double>, count: Double)] = []
    var low = 0.0
    for limit in Histogram.ratios.limits where limit <= 2 {
      let count = setUp.runs.reduce(0.0) {
        $0 + Double($1.metrics.histograms["rho_histogram"]?[limit] ?? 0)
      }
      bars.append((low...limit, count))
      low = limit
    }
    let total = bars.reduce(0) { $0 + $1.count }
    let densities = bars.map { $0.count / ($0.range.upperBound - $0.range.lowerBound) }
    guard total > 0, let largest = densities.max(), largest > 0 else { return [] }
    return zip(bars, densities).map { bar, density in
      let (low, high) = (bar.range.lowerBound, bar.range.upperBound)
      return Point(
        x: high, y: base + height * density / largest, range: bar.range,
        label: "ρ above \(NumberText.significant(low)) to \(NumberText.significant(high)), "
          + "\(NumberText.significant(100 * bar.count / total)) % of those up to 2")
    }
  }
}
