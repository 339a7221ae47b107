import Actor
import Learner
import Rollout

/// The updates of PPO, in one thread and in one for each processor.
enum UpdateBenchmarks {
  static let all: [Benchmark] = [
    Benchmark(
      "update_ppo", .microseconds,
      "one update of PPO's default network from a minibatch of 512 rows, in one thread"
    ) { .init(try microseconds($0, threadCounts: [1])[0]) },
    Benchmark(
      "update_ppo_threads", .microseconds, "the same in a thread for each processor, at most 8"
    ) { .init(try microseconds($0, threadCounts: [nil])[0]) },
    Benchmark(
      "update_threads", .ratio, "update_ppo divided by update_ppo_threads, measured in alternation"
    ) {
      let times = try microseconds($0, threadCounts: [1, nil])
      return .init(times[0] / times[1])
    },
  ]

  /// Returns the microseconds of an update for each number of threads, measured in alternation.
  private static func microseconds(
    _ settings: BenchmarkSettings, threadCounts: [Int?]
  ) throws -> [Double] {
    var loops: [(loop: TimedLoop, updateCount: Int)] = []
    for threadCount in threadCounts {
      var configuration = TrainingConfiguration(.ppo)
      configuration.learnerThreads = threadCount
      // Every update has the same input and costs as much as any other.
      configuration.learningRate = 0
      let setup = try configuration.makeSetup(seed: 1)
      let collector = try SameProcess(
        setup, fragmentsPerBatch: configuration.actorCount)
      let batch = try collector.next()
      let learner = try configuration.makeLearner(
        setup, batchLayout: collector.batchLayout, valueParameters: [])
      let loop = try TimedLoop(seconds: settings.secondsPerLoop) { count in
        withExtendedLifetime(collector) {
          for _ in 0..<count {
            let outcome = learner.learn(from: batch)
            precondition(outcome == .learned, "an update that learned nothing: \(outcome)")
          }
        }
      }
      loops.append((loop, configuration.epochs * configuration.minibatches))
    }
    var best = Array(repeating: Double.infinity, count: loops.count)
    _ = try settings.repeated {
      for (index, entry) in loops.enumerated() {
        let time = try entry.loop.nanoseconds() / Double(entry.updateCount) / 1e3
        best[index] = min(best[index], time)
      }
      return 0
    }
    return best
  }
}
