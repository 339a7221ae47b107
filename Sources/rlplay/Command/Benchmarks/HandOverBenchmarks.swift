import Learner
import Rollout

/// The cost of handing over fragments, independent of their contents.
enum HandOverBenchmarks {
  static let all: [Benchmark] = [
    Benchmark(
      "hand_over", .fragmentsPerSecond,
      "fragments of a single step from 16 workers: claim, publish, take, release, wake"
    ) { .init(try fragments($0)) },
    Benchmark(
      "hand_over_words", .nanoseconds,
      "claim, publish, take and release of one fragment of 24, by one thread"
    ) { .init(try words($0)) },
  ]

  private static func fragments(_ settings: BenchmarkSettings) throws -> Double {
    var configuration = TrainingConfiguration.measured
    configuration.fragmentSteps = 1
    configuration.environmentsPerActor = 1
    configuration.fragmentsPerBatch = 1
    // The smallest possible network.
    configuration.hiddenSizes = [1]
    let trial = try Trial(configuration, learns: false, settings.processes())
    try trial.settle()
    // A fragment is one step here.
    return try settings.repeated {
      try trial.stepsPerSecond(over: settings.secondsPerRepetition)
    }.median
  }

  private static func words(_ settings: BenchmarkSettings) throws -> Double {
    let memory = try RunMemory(
      creating: RunLayout(
        workerCount: 1, bufferCount: 24, fragmentByteCount: 1, weightCount: 0,
        descriptionByteCount: 0),
      description: [])
    let pool = memory.pool
    let nanoseconds = try settings.bestNanoseconds { count in
      for _ in 0..<count {
        guard let claimed = pool.claim(worker: 0, incarnation: 0) else { break }
        pool.publish(claimed)
        guard let taken = pool.takeLowestTicket() else { break }
        pool.release(taken)
      }
    }
    return withExtendedLifetime(memory) { nanoseconds }
  }
}
