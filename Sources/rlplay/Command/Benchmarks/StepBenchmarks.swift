import Actor
import Learner
import Rollout

/// The work of one core: a step, a reaction, an update, and the collect loop.
enum StepBenchmarks {
  static let all: [Benchmark] =
    EnvironmentBenchmarks.all + [
      Benchmark(
        "environment_step", .nanoseconds,
        "one step of one CartPole-v1 in a batch of 8, recorded into a fragment"
      ) { .init(try recordedStep($0)) },
      recordedStep("acrobot", "Acrobot-v1"),
      recordedStep("mountain_car", "MountainCar-v0"),
      recordedStep("mountain_car_continuous", "MountainCarContinuous-v0"),
      recordedStep("pendulum", "Pendulum-v1"),
      Benchmark(
        "environment_step_wrapped", .nanoseconds,
        "one step of one CartPole-v1 with --wrap reward-scale=0.5 in a batch of 8"
      ) {
        .init(
          try recordedStep(
            $0, environment: EnvironmentConfiguration("CartPole-v1", wrappers: [.rewardScale(0.5)])
          ))
      },
      Benchmark(
        "react_8", .nanoseconds, "one reaction of the benchmark's network to 8 environments"
      ) { .init(try reaction($0, environmentCount: 8)) },
      Benchmark(
        "react_128", .nanoseconds, "one reaction of the benchmark's network to 128 environments"
      ) { .init(try reaction($0, environmentCount: 128)) },
      Benchmark(
        "update", .microseconds, "one update of the benchmark's network from 400 rows"
      ) { .init(try update($0)) },
      Benchmark(
        "collect_loop", .stepsPerSecond,
        "reactions and steps in one thread, without hand-over or learning"
      ) { .init(try collectLoop($0)) },
    ]

  private static let configuration = TrainingConfiguration.measured
  private static let seed: UInt64 = 1

  // MARK: Environments

  private static func recordedStep(_ name: String, _ id: String) -> Benchmark {
    Benchmark(
      "environment_step_\(name)", .nanoseconds,
      "one step of one \(id) in a batch of 8, recorded into a fragment"
    ) { .init(try recordedStep($0, environment: EnvironmentConfiguration(id))) }
  }

  private static func recordedStep(
    _ settings: BenchmarkSettings, environment: EnvironmentConfiguration = configuration.environment
  ) throws -> Double {
    var configuration = configuration
    configuration.environment = environment
    // The steps of one recorded fragment are repeated. 250 steps are too many to form a pattern
    // that the processor could learn.
    configuration.fragmentSteps = 250
    let player = try Player(configuration, seed: seed)
    try player.loop.collect(into: player.fragment.view)
    let fragment = player.fragment.view
    let stepCount = player.fragment.layout.stepCount
    let perStep = try settings.bestNanoseconds { count in
      for index in 0..<count {
        try player.environments.step(
          fragment, from: index % stepCount, sticky: false, position: player.line.position)
      }
    }
    return perStep / Double(player.environments.count)
  }

  // MARK: Reactions

  private static func reaction(
    _ settings: BenchmarkSettings, environmentCount: Int
  ) throws -> Double {
    var configuration = configuration
    configuration.environmentsPerActor = environmentCount
    let player = try Player(configuration, seed: seed)
    try player.loop.collect(into: player.fragment.view)
    let fragment = player.fragment.view
    let stepCount = player.fragment.layout.stepCount
    return try settings.bestNanoseconds { count in
      for index in 0..<count {
        player.actor.react(to: fragment, at: index % stepCount, virtual: false)
      }
    }
  }

  private static func collectLoop(_ settings: BenchmarkSettings) throws -> Double {
    let player = try Player(configuration, seed: seed)
    let layout = player.fragment.layout
    let perFragment = try settings.bestNanoseconds { count in
      for _ in 0..<count { try player.loop.collect(into: player.fragment.view) }
    }
    return Double(layout.stepCount * layout.environmentCount) * 1e9 / perFragment
  }

  // MARK: Updates

  private static func update(_ settings: BenchmarkSettings) throws -> Double {
    let setup = try configuration.makeSetup(seed: seed)
    let collector = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    let batch = try collector.next().view
    // With learning rate 0, every update has the same input and costs as much as any other.
    let update = try PolicyUpdate(
      configuration.policy, configuration.objective, layout: collector.batchLayout,
      weights: setup.weights,
      optimizer: Adam<Float>(count: setup.weights.count, learningRate: 0),
      maximumGradientNorm: configuration.maximumGradientNorm)
    let nanoseconds = try settings.bestNanoseconds { count in
      for _ in 0..<count { update.learn(from: batch) }
    }
    return withExtendedLifetime(collector) { nanoseconds / 1e3 }
  }
}

/// A collect loop in the current thread, with the objects that it uses.
private final class Player {
  let environments: any EnvironmentBatch
  let actor: PolicyActor
  let fragment: FragmentStorage
  let line: WorkerLine
  let loop: CollectLoop
  private let memory: RunMemory

  /// Creates worker 0 of a configuration with its initial weights and starts its episodes.
  init(_ configuration: TrainingConfiguration, seed: UInt64) throws {
    let setup = try configuration.makeSetup(seed: seed)
    let streams = RandomStreams(seed: seed, worker: 0, incarnation: 0)
    environments = try setup.environment.makeBatch(
      count: setup.environmentCount, streams: streams)
    actor = try PolicyActor(
      setup.policy, layout: setup.layout,
      streams: (0..<setup.environmentCount).map { streams.action($0) },
      parts: environments.parts, unread: setup.unreadOutputs)
    actor.weights.assign(setup.weights.elements)
    actor.weightsChanged()
    fragment = FragmentStorage(setup.layout)
    // Only the worker line is used: the loop reports episodes on it.
    memory = try RunMemory(
      creating: RunLayout(
        workerCount: 1, bufferCount: 1, fragmentByteCount: 1, weightCount: 0,
        descriptionByteCount: 0),
      description: [])
    line = memory.line(0)
    loop = CollectLoop(
      environments: environments, actor: actor, layout: setup.layout, sticky: false, line: line)
    try loop.start()
  }
}
