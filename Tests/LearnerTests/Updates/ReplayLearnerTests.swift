import Actor
import Foundation
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

/// Tests of Q-learning from a replay buffer: ε, the target network, and the time of updates.
struct ReplayLearnerTests {
  private static let policy = QNetworkPolicy(NetworkPolicy(inputs: [.obs], hidden: [8]))
  private static let recurrent = QNetworkPolicy(
    NetworkPolicy(inputs: [.obs], hidden: [8], recurrent: .gru, recurrentSize: 4))

  /// Returns a setup for batches of 3 steps of 4 environments.
  private static func setup(_ policy: QNetworkPolicy = policy) throws -> RolloutSetup {
    try RolloutSetup(
      environment: "CartPole-v1", policy: policy, environmentCount: 4, stepCount: 3, seed: 5)
  }

  private static func learner(
    _ setup: RolloutSetup, _ change: (inout ReplayLearner.Settings) -> Void
  ) throws -> ReplayLearner {
    var settings = ReplayLearner.Settings()
    settings.replaySteps = 120
    settings.firstUpdate = 0
    settings.sampleEnvironments = 8
    change(&settings)
    return try ReplayLearner(
      settings, batchLayout: setup.layout, parameters: setup.parameters, weights: setup.weights,
      random: PCG64(seed: 3)
    ) { layout in
      let policy = (setup.policy as? QNetworkPolicy) ?? policy
      return try PolicyUpdate(
        policy, QLearning(policy), layout: layout, weights: setup.weights,
        optimizer: Adam<Float>(
          count: setup.weights.count, learningRate: 0.01, groups: setup.parameters.groups()))
    }
  }

  /// Returns the target network's weights, and the trained network's in the same order.
  private func networks(_ setup: RolloutSetup) throws -> (target: [Float], online: [Float]) {
    let weights = setup.weights.elements
    var (target, online): ([Float], [Float]) = ([], [])
    for entry in setup.parameters.entries where entry.name.hasPrefix("target.") {
      let source = try #require(
        setup.parameters.entries.first { "target.\($0.name)" == entry.name })
      target += weights[entry.range]
      online += weights[source.range]
    }
    #expect(!target.isEmpty)
    return (target, online)
  }

  @Test func `ε follows its schedule, reaches workers with the weights, and is reported`() throws {
    let setup = try Self.setup()
    let learner = try ScheduledBufferLearner(
      Self.learner(setup) { _ in },
      [ScheduledBuffer(QNetworkPolicy.epsilonName, .linear(from: 1, to: 0.2, steps: 48))],
      totalSteps: 1200, parameters: setup.parameters, weights: setup.weights)
    let rollout = try SameProcess(setup)
    for turn in 0..<6 {
      let epsilon = max(0.2, 1 - 0.8 * Double(turn) / 4)
      rollout.publish(setup.weights)
      let batch = try rollout.next()
      let view = batch.view
      let logits = try #require(view.actor("logits"))
      for t in 0..<3 {
        for environment in 0..<4 {
          let chances = (0..<2).map { exp(Double(logits[t, environment, $0])) }.sorted()
          // The recorded logarithms are in Float.
          #expect(isClose(chances[0], epsilon / 2, relative: 1e-5))
          #expect(isClose(chances[1], 1 - epsilon / 2, relative: 1e-5))
        }
      }
      learner.learn(from: batch)
      #expect(learner.stepCount == 12 * (turn + 1))
      let metric = try #require(learner.takeMetrics().last)
      #expect(metric.name == "epsilon")
      #expect(isClose(metric.value, max(0.2, epsilon - 0.2), relative: 1e-6))
    }
  }

  @Test func `a schedule for a buffer that the policy lacks is refused`() throws {
    let setup = try Self.setup()
    let error = #expect(throws: PolicyError.self) {
      try ScheduledBufferLearner(
        Self.learner(setup) { _ in }, [ScheduledBuffer("temperature", 1)], totalSteps: 1200,
        parameters: setup.parameters, weights: setup.weights)
    }
    #expect(error?.description.contains("'temperature'") == true)
  }

  @Test func `the target network is the trained one at first and after every third update alone`()
    throws
  {
    let setup = try Self.setup()
    let learner = try Self.learner(setup) { $0.targetInterval = 3 }
    var copied = try networks(setup)
    #expect(copied.target == copied.online)
    let rollout = try SameProcess(setup)
    for update in 1...9 {
      rollout.publish(setup.weights)
      #expect(learner.learn(from: try rollout.next().view) == .learned)
      #expect(learner.updateCount == update)
      let now = try networks(setup)
      if update.isMultiple(of: 3) {
        #expect(now.target == now.online && now.target != copied.target)
        copied = now
      } else {
        #expect(now.target == copied.target && now.target != now.online)
      }
    }
  }

  @Test func `the target network moves by a fraction of its distance to the trained one`() throws {
    let setup = try Self.setup()
    let learner = try Self.learner(setup) {
      $0.targetInterval = 2
      $0.targetRate = 0.25
    }
    let rollout = try SameProcess(setup)
    var before = try networks(setup)
    for update in 1...6 {
      rollout.publish(setup.weights)
      learner.learn(from: try rollout.next().view)
      let now = try networks(setup)
      if update.isMultiple(of: 2) {
        for (index, target) in now.target.enumerated() {
          let (old, online) = (Double(before.target[index]), Double(now.online[index]))
          // The learner rounds three times in Float.
          #expect(isClose(Double(target), old + 0.25 * (online - old), absolute: 1e-6))
        }
        #expect(now.target != before.target)
      } else {
        #expect(now.target == before.target)
      }
      before = now
    }
  }

  @Test func `copies count updates, also where several follow a batch`() throws {
    let setup = try Self.setup()
    let learner = try Self.learner(setup) {
      $0.targetInterval = 3
      $0.updatesPerBatch = 2
    }
    let rollout = try SameProcess(setup)
    for batch in 1...6 {
      rollout.publish(setup.weights)
      learner.learn(from: try rollout.next().view)
      let now = try networks(setup)
      #expect(learner.updateCount == 2 * batch)
      #expect((now.target == now.online) == batch.isMultiple(of: 3))
    }
  }

  @Test(arguments: [0.25, 0.4, 1.5])
  func `a fraction of an update per batch is made up for by later batches`(
    updatesPerBatch: Double
  ) throws {
    let setup = try Self.setup()
    let learner = try Self.learner(setup) {
      $0.firstUpdate = 30
      $0.updatesPerBatch = updatesPerBatch
    }
    let batch = try SameProcess(setup).next()
    for count in 1...12 {
      learner.learn(from: batch)
      // The first update may follow the third batch of 12 steps.
      #expect(learner.updateCount == Int(updatesPerBatch * Double(max(0, count - 2))))
    }
  }

  @Test func `nothing is learned before the first update, and batches are kept`() throws {
    let setup = try Self.setup()
    let learner = try Self.learner(setup) {
      $0.firstUpdate = 30
      $0.updatesPerBatch = 2
    }
    let before = try networks(setup)
    let rollout = try SameProcess(setup)
    for _ in 0..<2 {
      rollout.publish(setup.weights)
      #expect(learner.learn(from: try rollout.next().view) == .learned)
      let now = try networks(setup)
      #expect(now.online == before.online && now.target == before.target)
      #expect(learner.updateCount == 0 && learner.takeMetrics().isEmpty)
    }
    rollout.publish(setup.weights)
    learner.learn(from: try rollout.next().view)
    #expect(learner.updateCount == 2 && learner.stepCount == 36)
    #expect(try networks(setup).online != before.online)
  }

  /// A value in row 1, or a recurrent state before row 0, that is not finite.
  enum Poison: CaseIterable {
    case reward, observation, terminal, cut, memory

    func spoil(_ batch: FragmentView) throws {
      switch self {
      case .reward: batch.rew[1, 2] = .nan
      case .observation: batch.obs(as: Float.self)[1, 3, 2] = -.infinity
      case .terminal, .cut:
        let finals: ColumnView<Float> = batch.column(try #require(batch.layout.finalObs.value))
        finals[1, 0, 3] = .infinity
        (self == .cut ? batch.truncated : batch.terminated)[1, 0] = true
      case .memory:
        let states: ColumnView<Float> = batch.column(try #require(batch.layout.hx.leaves.first))
        states[0, 3, 2] = .nan
      }
    }
  }

  @Test(arguments: Poison.allCases)
  func `a batch with a number that is not finite is counted and never learned from`(
    poison: Poison
  ) throws {
    let setup = try Self.setup(poison == .memory ? Self.recurrent : Self.policy)
    let learner = try Self.learner(setup) { $0.updatesPerBatch = 2 }
    let rollout = try SameProcess(setup)
    func next(isSpoilt: Bool) throws -> UpdateOutcome {
      rollout.publish(setup.weights)
      let view = try rollout.next().view
      if isSpoilt { try poison.spoil(view) }
      return learner.learn(from: view)
    }
    #expect(try next(isSpoilt: true) == .skipped)
    #expect(learner.updateCount == 0 && learner.skippedCount == 1 && learner.stepCount == 12)
    #expect(try next(isSpoilt: false) == .learned)
    #expect(try next(isSpoilt: true) == .learnedInPart)
    #expect(learner.updateCount == 4 && learner.skippedCount == 2 && learner.stepCount == 36)
    // The buffer holds ten batches. The 20 · 2 · 8 environments drawn include some of each batch.
    for _ in 0..<20 { #expect(try next(isSpoilt: false) == .learned) }
    #expect(learner.updateCount == 44 && learner.skippedCount == 2)
    #expect(setup.weights.elements.allSatisfy { $0.isFinite })
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `learning by replay needs no memory`() async {
    await #expect(processExitsWith: .success) {
      let setup = try Self.setup()
      let learner = try Self.learner(setup) {
        $0.targetInterval = 5
        $0.updatesPerBatch = 2
      }
      let batch = try SameProcess(setup).next()
      let view = batch.view
      let (sound, rewards) = (view.rew[2, 1], view.rew)
      // The first calls may allocate metadata that Swift's runtime keeps.
      learner.learn(from: view)
      rewards[2, 1] = .nan
      learner.learn(from: view)
      Exhaustion.exhaustMemory()
      for _ in 0..<250 { learner.learn(from: view) }
      rewards[2, 1] = sound
      for _ in 0..<250 { learner.learn(from: view) }
      _exit(learner.updateCount == 1004 && learner.skippedCount == 251 ? 0 : 1)
    }
  }

  @Test func `the first weights have the first chance of an action at random`() throws {
    var configuration = TrainingConfiguration(.dqn)
    configuration.epsilon = .linear(from: 0.3, to: 0.1)
    let setup = try configuration.makeSetup(seed: 1)
    let place = try #require(setup.parameters.range(of: QNetworkPolicy.epsilonName))
    #expect(setup.weights[place.lowerBound] == 0.3)
  }
}
