import Actor
import Learner
import Rollout
import Testing

/// A task of one step per episode, with a reward for an action close to the observed target.
struct Imitation<Action: Recordable>: Environment {
  let actionSpace: Space
  /// The reward of an action if the observation is 1 (true) or −1 (false).
  let reward: @Sendable (Action, Bool) -> Double
  private var isUp = false

  init(_ actionSpace: Space, reward: @escaping @Sendable (Action, Bool) -> Double) {
    self.actionSpace = actionSpace
    self.reward = reward
  }

  var observationSpace: Space { .box(shape: [1], low: -1, high: 1) }
  var observation: Float { isUp ? 1 : -1 }

  mutating func reset(using random: inout PCG64) { isUp = random.integer(below: 2) == 1 }

  mutating func step(_ action: Action, using random: inout PCG64) -> StepOutcome {
    StepOutcome(reward: reward(action, isUp), terminated: true)
  }
}

/// Tests that a policy learns a simple task with each kind of action space.
struct ActionSpaceLearningTests {
  /// Trains in this process; returns the mean rewards of the first and the last five batches.
  private func train<Action: Recordable & SendableMetatype>(
    _ id: String, _ space: Space, reward: @escaping @Sendable (Action, Bool) -> Double
  ) throws -> (before: Double, after: Double) {
    try EnvironmentRegistry.shared.register(id) { Imitation(space, reward: reward) }
    let setup = try RolloutSetup(
      environment: EnvironmentConfiguration(id), policy: NetworkPolicy(hidden: [16]),
      environmentCount: 32,
      stepCount: 8,
      seed: 11)
    let rollout = try SameProcess(setup)
    defer { rollout.close() }
    let update = try PolicyUpdate(
      setup.policy, Reinforce(discount: 0, entropyCost: 0, baseline: .mean),
      layout: rollout.batchLayout, weights: setup.weights,
      optimizer: Adam<Float>(count: setup.weights.count, learningRate: 0.02))
    var means: [Double] = []
    for _ in 0..<150 {
      rollout.publish(setup.weights)
      let batch = try rollout.next()
      let rewards = batch.view.rew.elements.dropFirst(batch.view.rew.environmentCount)
      means.append(rewards.reduce(0) { $0 + Double($1) } / Double(rewards.count))
      update.learn(from: batch.view)
      // The batch was collected with the current weights, so all importance weights are 1.
      for (name, value) in update.takeMetrics() where name == "rho_mean" || name == "rho_max" {
        #expect(abs(value - 1) < 1e-4, "\(name) is \(value)")
      }
    }
    return (means.prefix(5).reduce(0, +) / 5, means.suffix(5).reduce(0, +) / 5)
  }

  @Test func `several choices`() throws {
    let space: Space = .multiDiscrete([2, 3])
    let mean = try train("ImitateChoices-v0", space) { (action: [Int32], isUp) in
      (action[0] == (isUp ? 1 : 0) ? 0.5 : 0) + (action[1] == (isUp ? 2 : 1) ? 0.5 : 0)
    }
    #expect(mean.before < 0.6 && mean.after > 0.95, "\(mean)")
  }

  @Test func `yes-or-no choices`() throws {
    let space: Space = .multiBinary(3)
    let mean = try train("ImitateSwitches-v0", space) { (action: [UInt8], isUp) in
      let wanted: [UInt8] = isUp ? [1, 0, 1] : [0, 0, 1]
      return zip(action, wanted).reduce(0) { $0 + ($1.0 == $1.1 ? 1.0 / 3 : 0) }
    }
    #expect(mean.before < 0.7 && mean.after > 0.95, "\(mean)")
  }

  @Test func `numbers`() throws {
    let mean = try train("ImitateNumbers-v0", .box(shape: [2], low: -2, high: 2)) {
      (action: SIMD2<Float>, isUp) in
      let wanted: SIMD2<Float> = isUp ? [1, -0.5] : [-1, 0.5]
      let difference = action - wanted
      return -Double((difference * difference).sum())
    }
    #expect(mean.before < -2 && mean.after > -0.5, "\(mean)")
  }

  @Test func `an action of several parts`() throws {
    let space: Space = .dict([
      SpaceField("gear", .discrete(3)), SpaceField("throttle", .box(shape: [], low: -2, high: 2)),
    ])
    let mean = try train("ImitateControls-v0", space) { (action: Controls, isUp) in
      let difference = Double(action.throttle) - (isUp ? 1 : -1)
      return (action.gear == (isUp ? 2 : 0) ? 1 : 0) - difference * difference
    }
    #expect(mean.before < -1 && mean.after > 0.5, "\(mean)")
  }
}

/// An action with a choice and a number.
struct Controls: Recordable {
  var gear: Int
  var throttle: Float

  static var leafTypes: [ElementType] { Int.leafTypes + Float.leafTypes }

  init(loading leaves: LeafRow) {
    gear = Int(loading: leaves)
    throttle = Float(loading: leaves.dropping(1))
  }

  func store(in leaves: LeafRow) {
    gear.store(in: leaves)
    throttle.store(in: leaves.dropping(1))
  }
}
