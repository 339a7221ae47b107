import Actor
import Learner
import Rollout
import TestSupport
import Testing

/// The loss terms of A2C and PPO compared with PyTorch's figures, for a shared torso.
struct ClippedSurrogateTests {
  /// The tensors that a loss is built from.
  private struct Scene {
    var logits: Tensor
    /// log π of the actions taken.
    var logPi: Tensor
    var value: Tensor
    var advantage: Tensor
    var target: Tensor
    var logMu: Tensor
    var oldValue: Tensor
    /// The steps that means are taken over: all 64.
    var steps: Trajectory

    var entropy: Tensor { Categorical(count: 3).entropy(of: logits).mean() }
  }

  private func check(_ name: String, _ formula: (Scene) -> Tensor) throws {
    let reference = try Reference("actor_critic")
    let graph = Graph()
    func column() -> Tensor { graph.input([64]) }
    let x = graph.input([64, 4])
    let action = graph.input([64], elementType: .int32)
    var trunk = x
    for layer in ["l1", "l2"] { trunk = graph.linear(trunk, outputs: 64, name: layer).tanh() }
    let logits = graph.linear(trunk, outputs: 3, name: "pi").logSoftmax()
    let value = graph.linear(trunk, outputs: 1, name: "v").reshaped([64])
    let ends = graph.input([64, 1])
    let scene = Scene(
      logits: logits, logPi: logits.pick(action), value: value, advantage: column(),
      target: column(), logMu: column(), oldValue: column(),
      steps: Trajectory(
        rewards: ends, ends: ends, terminated: ends, truncated: ends, mayWait: false))
    let loss = formula(scene)
    let executor = Executor<Double>(graph, outputs: [], loss: loss)
    executor.set(x, to: reference["x"].numbers)
    executor.set(action, toIntegers: reference["action"].numbers.map { Int32($0) })
    executor.set(scene.advantage, to: reference["advantage"].numbers)
    executor.set(scene.target, to: reference["target"].numbers)
    executor.set(scene.logMu, to: reference["old_log_prob"].numbers)
    executor.set(scene.oldValue, to: reference["old_value"].numbers)
    executor.weights.assign(
      graph.parameters.entries.flatMap { reference["parameters", $0.name].numbers })
    executor.weightsChanged()
    executor.forward()
    executor.backward()

    // Sums of 64 rows through layers of 64 in Double are off by 1e-13 at worst; 1e-11 leaves a
    // margin.
    #expect(
      isClose(executor.value(of: loss), reference[name, "loss"].number, relative: 1e-11), "\(name)")
    for entry in graph.parameters.entries {
      let difference = firstDifference(
        Array(executor.gradients.elements[entry.range]),
        reference[name, "gradients", entry.name].numbers, absolute: 1e-11, relative: 1e-11)
      #expect(difference == nil, "\(name): gradient of \(entry.name) \(difference ?? "")")
    }
  }

  /// Returns PPO's loss with the given bounds.
  private func proximal(_ scene: Scene, _ bounds: ClippedSurrogate) -> Tensor {
    bounds.loss(exp(scene.logPi - scene.logMu), scene.advantage, over: scene.steps)
      + 0.25
      * bounds.valueError(
        scene.value, target: scene.target, before: scene.oldValue, over: scene.steps)
      - 0.01 * scene.entropy
  }

  @Test func `A2C's loss and gradients are PyTorch's`() throws {
    try check("a2c") { scene in
      -(scene.logPi * scene.advantage).mean() + 0.5 * (scene.value - scene.target).squared().mean()
        - 0.01 * scene.entropy
    }
  }

  @Test func `PPO's loss and gradients are PyTorch's`() throws {
    try check("ppo") { proximal($0, ClippedSurrogate(clip: 0.2)) }
  }

  @Test func `PPO's with a clipped value are PyTorch's`() throws {
    try check("ppo_clipped_value") { proximal($0, ClippedSurrogate(clip: 0.2, valueClip: 0.2)) }
  }
}
