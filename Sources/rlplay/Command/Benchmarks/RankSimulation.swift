import Foundation
import Rollout

/// The efficiency of up to 256 machines, simulated with drawn collection times.
///
/// A machine's workers collect one batch after the other, each in a time that is drawn, and
/// `readyCount` batches can lie ready. An update begins at a rank with its batch, and gradients are
/// added up when the last rank has one. `docs/machines.md` shows the curve.
struct RankSimulation {
  /// The mean time in seconds to collect a batch, which is that of an update with one machine.
  var collectSeconds: Double
  /// The standard deviation of that time as a fraction of the mean.
  var jitter = 0.1
  /// The time in seconds to learn from a batch, at most that to collect one.
  var learnSeconds: Double
  /// The number of batches that can lie ready.
  var readyCount = 4

  /// Returns the mean time between updates in seconds.
  ///
  /// - Parameters:
  ///   - rankCount: the number of machines.
  ///   - sumSeconds: the time of the sum.
  func secondsPerUpdate(rankCount: Int, sumSeconds: Double, updateCount: Int = 400) -> Double {
    var random = PCG64(seed: 1)
    // The time at which the newest batch of each rank is complete.
    var ready = [Double](repeating: 0, count: rankCount)
    // The times at which the last batches were taken, by rank: their memory is free from then on.
    var taken = [[Double]](
      repeating: [Double](repeating: 0, count: rankCount), count: readyCount + 1)
    var end = 0.0
    for update in 0..<updateCount {
      var last = 0.0
      for rank in 0..<rankCount {
        let free = taken[update % (readyCount + 1)][rank]
        let seconds = collectSeconds * max(0.1, 1 + jitter * random.standardNormal())
        ready[rank] = max(ready[rank], free) + seconds
        let start = max(ready[rank], end)
        taken[update % (readyCount + 1)][rank] = start
        last = max(last, start + learnSeconds)
      }
      end = last + sumSeconds
    }
    return end / Double(updateCount)
  }

  /// A network between machines, with the usual figures of its kind.
  struct Network {
    var name: String
    var text: String
    /// The time in seconds of a message without content.
    var latency: Double
    var bytesPerSecond: Double

    static let all = [
      Network(name: "1gbe", text: "1 Gb Ethernet", latency: 30e-6, bytesPerSecond: 0.118e9),
      Network(name: "10gbe", text: "10 Gb Ethernet", latency: 15e-6, bytesPerSecond: 1.15e9),
      Network(name: "100gb", text: "100 Gb RDMA", latency: 1.5e-6, bytesPerSecond: 12e9),
    ]

    /// Returns the time in seconds of a sum, by the better of two usual algorithms.
    ///
    /// They are recursive doubling, and a scatter of sums with a gathering of them.
    func sumSeconds(weightCount: Int, rankCount: Int) -> Double {
      guard rankCount > 1 else { return 0 }
      let steps = log2(Double(rankCount)).rounded(.up)
      let bytes = Double(weightCount) * 4
      let transfer = bytes / bytesPerSecond
      // Additions go at the speed of memory.
      let addition = bytes / 4e9
      let share = Double(rankCount - 1) / Double(rankCount)
      return min(
        steps * (latency + transfer + addition),
        2 * steps * latency + 2 * share * transfer + share * addition)
    }
  }

  /// The name under which all of them are asked for.
  static let name = "ranks_256"

  static let all: [Benchmark] = [
    ("cartpole_400", "CartPole, 400 steps and 24 µs to an update, 362 weights", 24e-6, 362),
    ("cartpole_25k", "CartPole, 25,000 steps and 1.5 ms to an update, 362 weights", 1.5e-3, 362),
    ("gymnasium_400", "Gymnasium's, 400 steps and 1.4 ms to an update, 362 weights", 1.4e-3, 362),
    ("large", "10 ms to an update, 100,000 weights", 10e-3, 100_000),
  ].flatMap { (load: String, text: String, seconds: Double, weightCount: Int) in
    Network.all.map { network in
      Benchmark(
        "\(name)_\(load)_\(network.name)", .efficiency, "\(text), \(network.text), simulated"
      ) { _ in
        /// Returns the efficiencies for the fraction of the time that learning takes.
        func curve(learning: Double) -> [Double] {
          let simulation = RankSimulation(
            collectSeconds: seconds, learnSeconds: learning * seconds)
          let alone = simulation.secondsPerUpdate(rankCount: 1, sumSeconds: 0)
          return [2, 4, 16, 64, 256].map { rankCount in
            alone
              / simulation.secondsPerUpdate(
                rankCount: rankCount,
                sumSeconds: network.sumSeconds(weightCount: weightCount, rankCount: rankCount))
          }
        }
        func text(_ curve: [Double]) -> String {
          curve.map { NumberText.fixed(100 * $0, 0) }.joined(separator: ", ") + " %"
        }
        let busy = curve(learning: 1)
        return BenchmarkResult(
          busy[4],
          remark: "with 2, 4, 16, 64, 256 ranks \(text(busy)); "
            + "if the learner is idle for half of the time \(text(curve(learning: 0.5)))")
      }
    }
  }
}
