import Actor
import Foundation
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Tests of the defaults for environments that are not built in.
struct EnvironmentDefaultsTests {
  private static func image(_ shape: [Int]) -> Space {
    .box(shape: shape, low: 0, high: 255, elementType: .uint8)
  }

  private static let numbers = Space.box(shape: [8], low: -.infinity, high: .infinity)

  /// Returns the properties of an environment on a machine with two processors and 8 GiB.
  private static func traits(
    _ observation: Space, _ action: Space = .discrete(4), isPython: Bool = true,
    episodeSteps: Int? = 1000, processorCount: Int = 2
  ) -> EnvironmentTraits {
    EnvironmentTraits(
      EnvironmentSpaces(observation: observation, action: action), isPython: isPython,
      episodeSteps: episodeSteps, processorCount: processorCount, physicalByteCount: 8 << 30)
  }

  static let everyTraits = [
    traits(numbers), traits(image([4, 84, 84])),
    traits(image([96, 96, 3]), .box(shape: [2], low: -1, high: 1)),
    traits(numbers, .box(shape: [2], low: -1, high: 1), episodeSteps: nil, processorCount: 1),
    traits(.discrete(16), episodeSteps: 100, processorCount: 64),
    traits(.dict([SpaceField("a", image([7, 7, 3])), SpaceField("b", numbers)])),
  ]

  private func adapted(
    _ algorithm: Algorithm, _ traits: EnvironmentTraits, given: Set<String> = [],
    _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(algorithm)
    configuration.environment = "gym:Task-v0"
    change(&configuration)
    // An algorithm without such defaults may keep its evaluations, too.
    return configuration.adapted(to: traits, keeping: given)?.configuration ?? configuration
  }

  @Test(arguments: Algorithm.allCases)
  func `built-in environments keep the algorithm's defaults`(algorithm: Algorithm) throws {
    for id in ["CartPole-v1", "Acrobot-v1", "Pendulum-v1", "Corridor-v0", "Cube2x2-v0"] {
      var configuration = TrainingConfiguration(algorithm)
      configuration.environment = EnvironmentConfiguration(id)
      #expect(try configuration.adapted(keeping: []) == nil)
    }
  }

  @Test(
    arguments: [
      (image([210, 160, 3]), [210, 160]), (image([4, 84, 84]), [84, 84]),
      (image([36, 40]), [36, 40]),
      (image([35, 40]), nil), (image([7, 7, 3]), nil), (numbers, nil),
      (.dict([SpaceField("a", numbers), SpaceField("b", image([64, 64, 3]))]), [64, 64]),
      (.dict([SpaceField("a", image([9, 9, 3])), SpaceField("b", image([64, 64, 3]))]), nil),
    ] as [(Space, [Int]?)])
  func `images are those that convolutions can be applied to`(space: Space, size: [Int]?) {
    #expect(Self.traits(space).imageSize == size)
  }

  @Test func `PPO has the published settings for images`() throws {
    let configuration = adapted(.ppo, Self.traits(Self.image([4, 84, 84])))
    #expect(configuration.torso == .nature && configuration.sharedTorso)
    #expect(configuration.hiddenSizes == nil && configuration.activation == .relu)
    #expect(configuration.learnerThreads == nil)
    #expect(configuration.actorCount == 2 && configuration.environmentsPerActor == 4)
    #expect(configuration.fragmentsPerBatch == 2 && configuration.fragmentSteps == 128)
    #expect(configuration.minibatchUnit == .steps && configuration.minibatchSize == 256)
    #expect(configuration.epochs == 4 && configuration.clip == .linear(from: 0.1, to: 0))
    #expect(configuration.learningRate == .linear(from: 0.00025, to: 0))
    #expect(configuration.entropyCost == 0.01 && configuration.adamEpsilon == 1e-5)
    #expect(!configuration.normalizesRewards && configuration.fixedPolicyLag == 0)
  }

  @Test func `PPO has the published settings for actions of a Box`() throws {
    let configuration = adapted(
      .ppo, Self.traits(Self.numbers, .box(shape: [2], low: -1, high: 1)))
    #expect(configuration.torso == .mlp && configuration.hiddenSizes == [64, 64])
    #expect(configuration.normalizesObservations && configuration.normalizesRewards)
    #expect(configuration.entropyCost == 0 && configuration.epochs == 10)
    #expect(configuration.minibatchUnit == .steps && configuration.minibatchSize == 64)
    #expect(configuration.learningRate == .linear(from: 0.0003, to: 0))
    let discrete = adapted(.ppo, Self.traits(Self.numbers))
    #expect(!discrete.normalizesObservations && !discrete.normalizesRewards)
    #expect(discrete.entropyCost == 0.01)
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 2), (6, 4), (16, 16), (64, 16)])
  func `there are as many workers as processors, and always as many environments`(
    processorCount: Int, workerCount: Int
  ) throws {
    let traits = Self.traits(Self.numbers, processorCount: processorCount)
    for algorithm in [Algorithm.ppo, .a2c, .vtrace, .appo, .reinforce] {
      let configuration = adapted(algorithm, traits)
      #expect(configuration.actorCount == workerCount)
      #expect(configuration.environmentsPerActor == 16 / workerCount)
      #expect(configuration.fragmentsPerBatch == workerCount)
    }
  }

  @Test(arguments: Algorithm.allCases, everyTraits.indices)
  func `what is chosen is valid, differs, and stays when it is read again`(
    algorithm: Algorithm, number: Int
  ) throws {
    // Q-learning has no policy for actions of a Box; its options are valid nevertheless.
    let traits = Self.everyTraits[number]
    let configuration = adapted(algorithm, traits)
    try configuration.validate()
    let again = try TrainingConfiguration(json: configuration.json())
    #expect(again == configuration)
    let names = Set(TrainingConfiguration.settings.map(\.name))
    #expect(again.adapted(to: traits, keeping: names) == nil)
  }

  @Test func `given options stay, and so do those that belong with them`() throws {
    let usual = TrainingConfiguration(.ppo)
    let traits = Self.traits(Self.image([4, 84, 84]))
    let cases: [(String, (TrainingConfiguration) -> Bool)] = [
      ("learning-rate", { $0.learningRate == usual.learningRate && $0.adamEpsilon == 1e-8 }),
      ("envs-per-actor", { $0.actorCount == 8 && $0.fragmentSteps == 32 && $0.policyLag == nil }),
      ("minibatches", { $0.minibatchSize == nil && $0.minibatchUnit == .environments }),
      ("hidden", { $0.torso == .mlp && $0.hiddenSizes == [64, 64] }),
      ("eval-episodes", { $0.evaluateEvery == .steps(25_000) }),
      ("clip", { $0.clip == 0.2 }),
    ]
    for (option, stays) in cases {
      #expect(stays(adapted(.ppo, traits, given: [option])), "\(option)")
      #expect(!stays(adapted(.ppo, traits)), "\(option)")
    }
  }

  @Test func `a small batch has small minibatches, and a memory has whole environments`() throws {
    let small = adapted(.ppo, Self.traits(Self.numbers), given: ["fragment-steps"]) {
      ($0.fragmentSteps, $0.environmentsPerActor, $0.fragmentsPerBatch) = (2, 1, 8)
    }
    #expect(small.minibatchSize == 16 && small.fragmentSteps == 2)
    let recurrent = adapted(.ppo, Self.traits(Self.numbers), given: ["recurrent"]) {
      $0.recurrent = .gru
    }
    #expect(recurrent.minibatchUnit == .environments && recurrent.minibatchSize == nil)
    #expect(recurrent.learningRate == .linear(from: 0.0003, to: 0))
  }

  @Test(arguments: [1, 50, 200, 1000, 27_000, 1_000_000_000], [20_000, 1_000_000, 40_000_000])
  func `evaluations have at most a tenth of the steps of training`(length: Int, steps: Int) throws {
    for processorCount in [1, 2, 64] {
      let traits = Self.traits(
        Self.numbers, episodeSteps: length, processorCount: processorCount)
      let configuration = adapted(.ppo, traits) { $0.totalSteps = steps }
      guard case .steps(let interval) = configuration.evaluateEvery else {
        Issue.record("\(configuration.evaluateEvery) is no number of steps")
        return
      }
      #expect((5...20).contains(configuration.evaluationEpisodes))
      // One process makes the steps of an evaluation, and all workers those of training.
      let cost = configuration.evaluationEpisodes * length * configuration.actorCount
      #expect(10 * cost <= interval)
      #expect(interval >= 25_000)
      // There are fewer episodes only where that makes evaluations rarer than usual.
      if 200 * length * configuration.actorCount <= max(25_000, steps / 10) {
        #expect(configuration.evaluationEpisodes == 20 && interval <= max(25_000, steps / 10))
      } else {
        #expect(configuration.evaluationEpisodes < 20)
      }
    }
  }

  @Test func `Q-learning's replay of images fits into memory`() throws {
    let traits = Self.traits(Self.image([4, 84, 84]))
    let configuration = adapted(.dqn, traits)
    #expect(configuration.torso == .nature && configuration.replayBatch == 32)
    let policy = configuration.policy
    let spaces = EnvironmentSpaces(
      observation: Self.image([4, 84, 84]), action: .discrete(4))
    let signature = try PolicySignature(policy, for: spaces)
    let layout = FragmentLayout(
      stepCount: configuration.fragmentSteps,
      environmentCount: configuration.environmentsPerActor * configuration.fragmentsPerBatch,
      contents: signature.contents(spaces))
    #expect(ReplayBuffer.byteCount(steps: configuration.replaySteps, of: layout) <= 4 << 30)
    #expect(configuration.learningStarts < configuration.replaySteps)
    // DQN's one update for each four steps.
    let stepsOfBatch =
      configuration.environmentsPerActor * configuration.fragmentsPerBatch
      * configuration.fragmentSteps
    #expect(4 * configuration.updatesPerBatch == stepsOfBatch)
  }

  @Test func `two lines tell reasons and choices`() throws {
    var configuration = TrainingConfiguration(.a2c)
    configuration.environment = "gym:Task-v0"
    let lines = try #require(
      configuration.adapted(to: Self.traits(Self.numbers), keeping: ["learning-rate"])
    ).lines
    #expect(
      lines == [
        "defaults for gym:Task-v0: played by Python, no images, discrete actions, episodes of at "
          + "most 1,000 steps, 2 processors",
        "chosen are --actors 2 --buffers 4 --fragments-per-batch 2 --eval-every 400000; given "
          + "options replace them",
      ])
  }

  /// Measured recipes must not change with the defaults.
  @Test(arguments: RecipeTests.names)
  func `a recipe for a task that is not built in leaves nothing to choose`(name: String) throws {
    let path = RecipeTests.path(of: name)
    let recipe = try TrainingConfiguration(contentsOf: path)
    guard !EnvironmentRegistry.isBuiltIn(recipe.environment.id) else { return }
    let given = try TrainingConfiguration.read(contentsOf: path).names
    #expect(given.contains("env") && !given.contains("about"))
    for traits in [
      Self.traits(Self.numbers), Self.traits(Self.numbers, .box(shape: [2], low: -1, high: 1)),
      Self.traits(.discrete(16), episodeSteps: 100, processorCount: 64),
    ] {
      let adaptation = recipe.adapted(to: traits, keeping: given)
      #expect(adaptation == nil, "\(adaptation?.lines.last ?? "")")
    }
  }
}
