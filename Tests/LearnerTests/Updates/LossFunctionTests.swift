import Actor
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

/// Tests of a loss evaluated and differentiated step by step, as in a custom training loop.
struct LossFunctionTests {
  /// The recorded fragment, and a copy with other rewards.
  private struct Scene {
    let function: LossFunction
    let storage: FragmentStorage
    let other: FragmentStorage

    init(entropyCost: Schedule = 0.01, totalSteps: Int? = nil) throws {
      let figures = try ReinforceFigures("reinforce_1")
      var objective = figures.objective
      objective.entropyCost = entropyCost
      storage = try figures.storage()
      other = try figures.storage()
      for t in 0...other.layout.stepCount { other.view.rew[t, 0] = 0.25 * Float(t % 5) }
      function = try LossFunction(
        ReinforceFigures.policy, objective, layout: storage.layout,
        weights: PolicyUpdateTests.weights(figures), totalSteps: totalSteps)
    }

    /// Returns the gradient of one batch alone.
    func gradient(of batch: FragmentStorage) -> [Float] {
      function.zeroGradients()
      function(batch.view).backward()
      return function.gradients.elements
    }
  }

  @Test func `gradients of several batches add up, bit for bit`() throws {
    let scene = try Scene()
    let (first, second) = (scene.gradient(of: scene.storage), scene.gradient(of: scene.other))
    try #require(first != second && first.contains { $0 != 0 })
    scene.function.zeroGradients()
    scene.function(scene.storage.view).backward()
    scene.function(scene.other.view).backward()
    #expect(scene.function.gradients.elements == zip(first, second).map { $0 + $1 })
  }

  @Test func `going backwards twice gives exactly twice the gradient`() throws {
    let scene = try Scene()
    let once = scene.gradient(of: scene.storage)
    scene.function.zeroGradients()
    let loss = scene.function(scene.storage.view)
    loss.backward()
    loss.backward()
    #expect(scene.function.gradients.elements == once.map { 2 * $0 })
  }

  @Test func `zeroed gradients are zero, and nothing of before is left in the next ones`() throws {
    let scene = try Scene()
    let expected = scene.gradient(of: scene.storage)
    scene.function(scene.other.view).backward()
    scene.function.zeroGradients()
    #expect(scene.function.gradients.elements.allSatisfy { $0 == 0 })
    scene.function(scene.storage.view).backward()
    #expect(scene.function.gradients.elements == expected)
  }

  @Test func `evaluating alone leaves weights and gradients as they are`() throws {
    let scene = try Scene()
    let gradients = scene.gradient(of: scene.storage)
    let weights = scene.function.weights.elements
    let value = scene.function(scene.storage.view).value
    #expect(scene.function(scene.other.view).value != value)
    #expect(scene.function(scene.storage.view).value == value)
    #expect(scene.function.gradients.elements == gradients)
    #expect(scene.function.weights.elements == weights)
  }

  /// The results of a run of fifty updates.
  private struct Outcome: Equatable {
    var weights: [Float]
    var losses: [Float] = []
    var metrics: [String: Double] = [:]
  }

  private static let turns = 50
  private static let objective = Reinforce(entropyCost: .linear(from: 0.1, to: 0))
  private static let totalSteps = turns * 12 * 4

  @Test func `a loop of one's own ends with the same bits as PolicyUpdate`() async throws {
    let setup = try Collection.setup()
    let rollout = try SameProcess(setup, lag: 1)
    let update = try PolicyUpdate(
      setup.policy, Self.objective, layout: rollout.batchLayout, weights: setup.weights,
      optimizer: Adam(count: setup.weights.count, learningRate: 0.01), maximumGradientNorm: 0.5,
      totalSteps: Self.totalSteps)
    var expected = Outcome(weights: [])
    for _ in 0..<Self.turns {
      expected.metrics = [:]
      rollout.publish(setup.weights)
      update.learn(from: try rollout.next())
      expected.losses.append(update.lastLoss)
      for (name, value) in update.takeMetrics() { expected.metrics[name] = value }
    }
    expected.weights = setup.weights.elements

    let own = try train(setup: Collection.setup())
    #expect(own == expected)
    #expect(expected.weights != (try Collection.setup()).weights.elements)
  }

  private func train(setup: RolloutSetup) throws -> Outcome {
    let rollout = try SameProcess(setup, lag: 1)
    let reinforce = try LossFunction(
      setup.policy, Self.objective, layout: rollout.batchLayout, weights: setup.weights,
      totalSteps: Self.totalSteps)
    let optimizer = Adam<Float>(count: setup.weights.count, learningRate: 0.01)
    var outcome = Outcome(weights: [])
    for _ in 0..<Self.turns {
      let loss = reinforce(try rollout.next())
      reinforce.zeroGradients()
      loss.backward()
      let norm = reinforce.gradients.clipNorm(to: 0.5)
      optimizer.step(reinforce.weights, reinforce.gradients)
      outcome.losses.append(loss.value)
      outcome.metrics = ["loss": Double(loss.value), "grad_norm": norm]
      for (name, value) in loss.metrics { outcome.metrics[name] = value }
      rollout.publish(setup.weights)
    }
    outcome.weights = setup.weights.elements
    return outcome
  }

  @Test func `what the objective reports is found by name`() throws {
    let scene = try Scene()
    let loss = scene.function(scene.storage.view)
    #expect(
      loss.metrics.map(\.name) == [
        "policy_score", "entropy", "rho_mean", "rho_max", "rho_clipped",
      ])
    for (name, value) in loss.metrics { #expect(loss[name] == value, "\(name)") }
    // loss = −score − 0.01 entropy, with three roundings to Float of numbers near 10.
    let expected = -(loss["policy_score"] ?? .nan) - 0.01 * (loss["entropy"] ?? .nan)
    #expect(isClose(Double(loss.value), expected, relative: 1e-6))
    #expect(loss["value_loss"] == nil && loss.divergence == nil)
  }

  @Test func `an objective that knows how far the policy has moved says so`() throws {
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(hidden: [8], value: .separate),
      environmentCount: 4, stepCount: 12, seed: 5)
    let rollout = try SameProcess(setup)
    let function = try LossFunction(
      setup.policy, ProximalPolicy(), layout: rollout.batchLayout, weights: setup.weights)
    let batch = try rollout.next()
    #expect(function(batch).divergence == 0)
    for index in 0..<setup.weights.count { setup.weights[index] *= 1.5 }
    #expect((function(batch).divergence ?? 0) > 0)
  }

  @Test func `coefficients follow the steps that the function was called with, or those named`()
    throws
  {
    let scene = try Scene(entropyCost: .linear(from: 0.5, to: 0), totalSteps: 800)
    let view = scene.storage.view
    #expect(view.layout.stepCount * view.layout.environmentCount == 200)
    for cost in [0.5, 0.375, 0.25] {
      let loss = scene.function(view)
      #expect(loss["entropy_cost"] == cost)
      let expected = -(loss["policy_score"] ?? .nan) - cost * (loss["entropy"] ?? .nan)
      // The tolerance is as above.
      #expect(isClose(Double(loss.value), expected, relative: 1e-6))
    }
    #expect(scene.function.stepCount == 600)
    #expect(scene.function(view, at: 200)["entropy_cost"] == 0.375)
  }

  @Test func `a loss keeps its batch's memory`() throws {
    let scene = try Scene()
    let expected = scene.gradient(of: scene.storage)
    weak var memory: FragmentStorage?
    scene.function.zeroGradients()
    var loss: Loss?
    do {
      let storage = try ReinforceFigures("reinforce_1").storage()
      memory = storage
      loss = scene.function(storage.view)
    }
    #expect(memory != nil)
    loss?.backward()
    #expect(scene.function.gradients.elements == expected)
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `a loop of one's own needs no memory`() async {
    await #expect(processExitsWith: .success) {
      let scene = try Scene()
      let (function, weights) = (scene.function, scene.function.weights)
      let optimizer = Adam<Float>(count: weights.count, learningRate: 0.01)
      let (view, other) = (scene.storage.view, scene.other.view)
      func step() {
        function.zeroGradients()
        function(view).backward()
        let loss = function(other)
        loss.backward()
        guard loss["entropy"] != nil else { _exit(1) }
        function.gradients.clipNorm(to: 0.5)
        optimizer.step(weights, function.gradients)
      }
      step()
      Exhaustion.exhaustMemory()
      for _ in 0..<1000 { step() }
      _exit(0)
    }
  }

  @Test func `a loss of an earlier batch is refused`() async {
    await #expect(processExitsWith: .failure) {
      let scene = try Scene()
      let earlier = scene.function(scene.storage.view)
      let later = scene.function(scene.other.view)
      later.backward()
      earlier.backward()
      _exit(0)
    }
    await #expect(processExitsWith: .success) {
      let scene = try Scene()
      let earlier = scene.function(scene.storage.view)
      earlier.backward()
      let later = scene.function(scene.other.view)
      later.backward()
      guard earlier.value != later.value else { _exit(1) }
      _exit(0)
    }
  }

  @Test func `a batch of another layout is refused`() async {
    await #expect(processExitsWith: .failure) {
      let scene = try Scene()
      _ = scene.function(scene.storage.view)
      let layout = scene.storage.layout
      let half = FragmentStorage(
        layout.resized(environmentCount: layout.environmentCount / 2))
      _ = scene.function(half.view)
      _exit(0)
    }
  }

  @Test func `a schedule over a run of unknown length is refused`() async {
    await #expect(processExitsWith: .failure) {
      let scene = try Scene(entropyCost: .linear(from: 0.5, to: 0))
      _ = scene.function(scene.storage.view)
      _exit(0)
    }
    await #expect(processExitsWith: .success) {
      let scene = try Scene(entropyCost: .linear(from: 0.5, to: 0, steps: 800))
      _ = scene.function(scene.storage.view)
      _exit(0)
    }
  }
}
