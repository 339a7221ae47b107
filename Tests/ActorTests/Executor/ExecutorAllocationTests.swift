import Actor
import Glibc
import Rollout
import TestSupport
import Testing

/// Tests that running an executor allocates nothing, in a process without memory left.
struct ExecutorAllocationTests {
  /// Returns a graph with nearly every operation, run once.
  static func everything() -> Executor<Float> {
    let graph = Graph()
    let indices = graph.input([5, 3], elementType: .int32)
    let x = graph.input([5, 3, 4])
    let parts = [x, graph.embedding(indices, count: 2, width: 3, name: "embedding")]
    let bits = graph.linear(
      graph.oneHotBits(indices, bits: 5), outputs: 2, name: "bits", bias: false)
    let joined = graph.layerNorm(graph.concatenate(parts + [bits]), name: "norm")
    let hidden = graph.linear(joined, outputs: 9, name: "hidden")
    let logits = graph.linear(hidden.relu(), outputs: 2, name: "logits").logSoftmax()
    let smooth = hidden.silu() + hidden.gelu() * hidden.sigmoid()
    let images = (graph.input([5, 3, 2, 6, 5], elementType: .uint8).numeric + 1) * joined.mean()
    let convolved = graph.convolution(
      images, outputs: 3, kernel: 3, stride: 2, name: "convolution", activation: .relu)
    let again = graph.convolution(convolved, outputs: 2, kernel: 2, name: "again")
    let remembered = remembering(graph, joined, resets: indices)
    let before = graph.delayed(
      joined, from: graph.input([3, joined.lastAxis]), resets: bits.atLeast(0).meanOverLastAxis())
    let turned = (graph.oneHot(indices, count: 3) * before.columns(0..<3)).swappingLastAxes()
    let rewards = graph.concatenate([smooth, again.reshaped([5, 3, 2]), remembered, turned])
      .elu().sumOverLastAxis()
    let ends = rewards.atLeast(0.5)
    let later = ends.choosing(
      hidden.following(last: hidden.rows(0..<1).reshaped([3, 9])), otherwise: hidden)
    let returns = Tensor.discountedReturns(
      rewards: rewards + later.sumOverLastAxis(), ends: ends, discount: 0.9)
    let picked = logits.pick(indices)
    let ratio = exp(picked - picked.stopGradient()).clamped(to: 0.5...1.5)
    let score = (ratio * returns).minimum(ratio.squared()).rows(1..<4).mean()
    let loss = 0.5 * score + hidden.tanh().sum() / (picked.largest().squared() + 2)
    let executor = Executor<Float>(graph, outputs: [logits], loss: loss)
    run(executor)
    return executor
  }

  /// Returns a GRU after a two-layer LSTM, whose last state is the GRU's first.
  private static func remembering(_ graph: Graph, _ x: Tensor, resets: Tensor) -> Tensor {
    let first = [graph.input([3, 5]), graph.input([3, 5])]
    let (output, state) = graph.lstm(
      x, size: 5, layers: 2, from: .init(hidden: first, cell: first), resets: resets, name: "lstm")
    return graph.gru(
      output, size: 5, from: .init(hidden: [state.cell[1]]), resets: resets, name: "gru"
    ).output
  }

  static func run(_ executor: Executor<Float>) {
    executor.weightsChanged()
    executor.forward()
    executor.backward()
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `a thousand runs need no memory`() async {
    await #expect(processExitsWith: .success) {
      let executor = ExecutorAllocationTests.everything()
      Exhaustion.exhaustMemory()
      for _ in 0..<1000 { ExecutorAllocationTests.run(executor) }
      _exit(0)
    }
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `a single array would be noticed`() async {
    await #expect(processExitsWith: .failure) {
      let executor = ExecutorAllocationTests.everything()
      Exhaustion.exhaustMemory()
      let weights = executor.weights.elements
      _exit(weights.isEmpty ? 0 : 0)
    }
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `a reaction that remembers needs no memory, nor does forgetting`() async {
    await #expect(processExitsWith: .success) {
      let policy = NetworkPolicy(
        recurrent: .lstm, recurrentSize: 9, recurrentLayers: 2, value: .separate)
      let spaces = EnvironmentSpaces(
        observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))
      let storage = FragmentStorage(
        FragmentLayout(
          stepCount: 2, environmentCount: 7,
          contents: try PolicySignature(policy, for: spaces).contents(spaces)))
      let actor = try Scene.actor(storage.layout, policy: policy)
      storage.view.truncated[0, 2] = true
      actor.react(to: storage.view, at: 0, virtual: false)
      Exhaustion.exhaustMemory()
      for _ in 0..<1000 {
        actor.weightsChanged()
        actor.recordState(into: storage.view)
        actor.react(to: storage.view, at: 0, virtual: false)
        actor.reactToFinal(of: storage.view, at: 0)
        actor.reset(environment: 3)
        actor.react(to: storage.view, at: 1, virtual: true)
      }
      _exit(0)
    }
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `a reaction needs no memory`() async {
    await #expect(processExitsWith: .success) {
      let storage = FragmentStorage(Scene.layout(stepCount: 2, environmentCount: 7))
      Scene.fill(storage.view, seed: 1)
      let actor = try Scene.actor(storage.layout)
      actor.react(to: storage.view, at: 0, virtual: false)
      Exhaustion.exhaustMemory()
      for _ in 0..<1000 {
        actor.weightsChanged()
        for t in 0..<3 { actor.react(to: storage.view, at: t, virtual: t == 2) }
      }
      _exit(0)
    }
  }
}
