import Learner
import Rollout

/// The throughput of each collector, with and without learning, and ratios between collectors.
enum ThroughputBenchmarks {
  static let all: [Benchmark] =
    Way.allCases.map { way in
      Benchmark(
        "collect_\(way.rawValue)", .stepsPerSecond, "collecting \(way.text) without learning"
      ) { .init(try pace($0, way, learns: false)) }
    }
    + Way.allCases.map { way in
      Benchmark(
        "train_\(way.rawValue)", .stepsPerSecond, "collecting \(way.text) and learning"
      ) { .init(try pace($0, way, learns: true)) }
    } + [
      Benchmark(
        "train_determinism", .ratio,
        "deterministic against asynchronous training with 16 workers, alternating"
      ) { .init(try ratio($0, .multiDeterministic, to: .multi)) },
      Benchmark(
        "train_parallelism", .ratio,
        "training with 16 workers against training in one process, alternating"
      ) { .init(try ratio($0, .multi, to: .same)) },
    ]

  /// A collector with the default configuration, which is that of rlplay's overview.
  private enum Way: String, CaseIterable, Sendable {
    case same
    case single
    case multi
    case multiDeterministic = "multi_deterministic"

    var configuration: TrainingConfiguration {
      var configuration = TrainingConfiguration.measured
      switch self {
      case .same: configuration.collector = .same
      case .single: configuration.collector = .single
      case .multi: configuration.collector = .multi
      case .multiDeterministic:
        configuration.collector = .multi
        configuration.deterministic = true
      }
      return configuration
    }

    var text: String {
      switch self {
      case .same: "in the learner's process"
      case .single: "in one worker"
      case .multi: "in 16 workers"
      case .multiDeterministic: "in 16 workers with a fixed lag"
      }
    }
  }

  private static func pace(
    _ settings: BenchmarkSettings, _ way: Way, learns: Bool
  ) throws -> Double {
    let trial = try Trial(way.configuration, learns: learns, settings.processes())
    try trial.settle()
    return try settings.repeated {
      try trial.stepsPerSecond(over: settings.secondsPerRepetition)
    }.median
  }

  /// Returns the ratio of two throughputs, measured in alternation to cancel drifts of the machine.
  ///
  /// The workers of the idle collector sleep, because their fragments are full.
  private static func ratio(
    _ settings: BenchmarkSettings, _ way: Way, to other: Way
  ) throws -> Double {
    let trials = try [way, other].map {
      try Trial($0.configuration, learns: true, settings.processes())
    }
    let ratios = try settings.repeated {
      let paces = try trials.map { trial in
        try trial.settle()
        return try trial.stepsPerSecond(over: settings.secondsPerRepetition / 2)
      }
      return paces[0] / paces[1]
    }
    return ratios.median
  }
}
