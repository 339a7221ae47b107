import Rollout

/// The latency of a single step of each built-in task, resets included.
///
/// Each step depends on the one before it.
enum EnvironmentBenchmarks {
  static let all: [Benchmark] = [
    Benchmark(
      "cartpole_step", .nanoseconds, "one step of a single CartPole, resets included"
    ) { .init(try bareStep($0, CartPole(), limit: nil) { $0.integer(below: 2) }) },
    Benchmark(
      "mountain_car_step", .nanoseconds, "one step of a single MountainCar"
    ) { .init(try bareStep($0, MountainCar(), limit: 200) { $0.integer(below: 3) }) },
    Benchmark(
      "mountain_car_continuous_step", .nanoseconds, "one step of a single MountainCarContinuous"
    ) {
      .init(
        try bareStep($0, MountainCarContinuous(), limit: 999) { Float($0.uniform(-1, 1)) })
    },
    Benchmark(
      "acrobot_step", .nanoseconds, "one step of a single Acrobot"
    ) { .init(try bareStep($0, Acrobot(), limit: 500) { $0.integer(below: 3) }) },
    Benchmark(
      "pendulum_step", .nanoseconds, "one step of a single Pendulum"
    ) { .init(try bareStep($0, Pendulum(), limit: 200) { Float($0.uniform(-2, 2)) }) },
  ]

  private static let seed: UInt64 = 1

  /// Returns the measurement of a batch of any environment with random actions.
  static func batch(of environment: EnvironmentConfiguration, count: Int) -> Benchmark {
    Benchmark(
      "env", .stepsPerSecond,
      "\(environment.id.escapingControls) in a batch of \(count), recorded into a fragment"
    ) { settings in
      .init(
        try environment.stepsPerSecond(
          environmentCount: count, seconds: settings.seconds, seed: seed))
    }
  }

  /// Returns the nanoseconds of a step with random actions that are drawn beforehand.
  private static func bareStep<Member: Environment>(
    _ settings: BenchmarkSettings, _ environment: Member, limit: Int?,
    draw: (inout PCG64) -> Member.Action
  ) throws -> Double {
    var random = RandomStreams.evaluation(seed: seed, environment: 0)
    let actions = (0..<4096).map { _ in draw(&random) }
    var environment = environment
    let limit = limit ?? .max
    var elapsed = 0
    try environment.reset(using: &random)
    let kept = FlatVector<Double>(repeating: 0, count: 1)
    return try settings.bestNanoseconds { count in
      // Local copies, which the optimizer can keep in registers.
      var (current, stream, steps) = (environment, random, elapsed)
      var sum = 0.0
      for index in 0..<count {
        let outcome = try current.step(actions[index & 4095], using: &stream)
        sum += outcome.reward
        steps &+= 1
        if outcome.isOver || steps >= limit {
          try current.reset(using: &stream)
          steps = 0
        }
      }
      (environment, random, elapsed) = (current, stream, steps)
      kept[0] += sum
    }
  }
}

/// The speed of MuJoCo's environments on one core beside that of the simulation alone.
///
/// They need MuJoCo, so they are measured by name only.
enum MuJoCoBenchmarks {
  /// The name under which all of them are asked for.
  static let name = "mujoco"

  static let all: [Benchmark] = [
    ("half_cheetah", "HalfCheetah-v5"), ("hopper", "Hopper-v5"), ("walker2d", "Walker2d-v5"),
    ("ant", "Ant-v5"), ("humanoid", "Humanoid-v5"),
  ].map { suffix, id in
    Benchmark(
      "mujoco_\(suffix)", .stepsPerSecond, "one \(id) with random actions, recorded into a fragment"
    ) { settings in
      let pace = try MuJoCoPace("mujoco:\(id)", seconds: settings.seconds)
      let share = pace.stepsPerSecond / pace.bareStepsPerSecond
      return BenchmarkResult(
        pace.stepsPerSecond,
        remark: "\(NumberText.fixed(share, 2)) × mj_step alone, "
          + "\(NumberText.short(pace.bareStepsPerSecond)) steps/s")
    }
  }
}
