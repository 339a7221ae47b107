import Rollout
import TestSupport
import Testing

@testable import Actor

/// Tests that several threads compute the bits of one.
@Suite(.timeLimit(.minutes(10)))
struct ExecutorThreadTests {
  /// A traced graph with its inputs and outputs.
  private struct Scene {
    let graph: Graph
    let inputs: [Tensor]
    let integers: [Tensor]
    let outputs: [Tensor]
    let loss: Tensor
  }

  /// Returns everything that an executor computed.
  private func run(
    _ scene: Scene, threads: ThreadPool?, smallestStretch: Double = 0
  ) -> (bits: [[UInt32]], executor: Executor<Float>) {
    let executor = Executor<Float>(
      scene.graph, outputs: scene.outputs, loss: scene.loss, threads: threads,
      smallestStretch: smallestStretch)
    var random = PCG64(seed: 7)
    for index in 0..<executor.weights.count {
      executor.weights[index] = Float(random.standardNormal()) / 4
    }
    for input in scene.inputs { executor.drawNormal(input, using: &random) }
    for input in scene.integers {
      executor.set(
        input, toIntegers: (0..<input.elementCount).map { _ in Int32(random.integer(below: 2)) })
    }
    executor.weightsChanged()
    executor.forward()
    executor.backward()
    let numbers =
      scene.outputs.map { executor.values(of: $0) } + [executor.gradients.elements]
    return (numbers.map { $0.map(\.bitPattern) }, executor)
  }

  /// Checks that no number of threads changes a bit, and that chunks are used.
  private func check(_ scene: Scene) throws {
    let alone = run(scene, threads: nil)
    #expect(alone.executor.phases.isEmpty)
    for bits in alone.bits { try #require(bits.contains { $0 != 0 && $0 != bits[0] }) }
    for threadCount in [2, 3, 5] {
      let together = run(scene, threads: ThreadPool(threadCount: threadCount))
      #expect(together.executor.phases.contains { $0.rowChunks.count >= threadCount })
      #expect(together.executor.phases.contains { !$0.parameterChunks.isEmpty })
      for (index, bits) in together.bits.enumerated() {
        #expect(bits == alone.bits[index], "\(threadCount) threads, vector \(index)")
      }
    }
  }

  /// Traces an actor-critic's loss of [steps, environments] with most operations of rows.
  private func actorCritic(steps: Int, environments: Int, hidden: Int) -> Scene {
    let graph = Graph()
    let x = graph.input([steps, environments, 6])
    let rewards = graph.input([steps, environments])
    let actions = graph.input([steps, environments], elementType: .int32)
    let index = graph.input([steps, environments], elementType: .int32)
    let all = graph.concatenate([
      x, graph.embedding(index, count: 2, width: 3, name: "embedding"),
      graph.oneHot(actions, count: 2),
    ])
    let first = graph.linear(all, outputs: hidden, name: "first").tanh()
    let normal = graph.layerNorm(first, name: "norm")
    let second = graph.linear(normal, outputs: hidden, name: "second").elu()
    let logits = graph.linear(second, outputs: 3, name: "logits")
    let value = graph.linear(
      graph.linear(all, outputs: 40, name: "critic").relu(), outputs: 1, name: "value"
    ).reshaped([steps, environments])
    let log = logits.logSoftmax()
    let picked = log.pick(actions)
    let entropy = -(log * exp(log)).sumOverLastAxis()
    let returns = Tensor.discountedReturns(
      rewards: rewards, ends: rewards.atLeast(1), discount: 0.9)
    let error = returns - value
    let advantages = error.stopGradient() / (returns.standardDeviation() + 1)
    let ratio = exp(picked - 0.9 * picked.stopGradient())
    let score = (ratio * advantages).minimum(ratio.clamped(to: 0.8...1.2) * advantages)
    // Neighboring rows depend on each other here.
    let change = (value.rows(1..<steps) - value.rows(0..<steps - 1)).squared().mean()
    let chosen = rewards.atLeast(0).choosing(score, otherwise: 0.5 * score)
    let loss = 0.5 * error.squared().mean() - chosen.mean() - 0.01 * entropy.mean() + change
    return Scene(
      graph: graph, inputs: [x, rewards], integers: [actions, index],
      outputs: [log, value, picked, ratio], loss: loss)
  }

  @Test(arguments: [(2, 20), (8, 16), (37, 11), (25, 32)])
  func `an actor-critic's loss and gradients have the same bits with any number of threads`(
    steps: Int, environments: Int
  ) throws {
    try check(actorCritic(steps: steps, environments: environments, hidden: 64))
    try check(actorCritic(steps: steps, environments: environments, hidden: 21))
  }

  @Test(arguments: [5, 16, 33])
  func `convolutions have the same bits with any number of threads`(images: Int) throws {
    let graph = Graph()
    let x = graph.input([1, images, 4, 14, 12])
    let first = graph.convolution(
      x, outputs: 20, kernel: 4, stride: 2, name: "first", activation: .relu)
    let second = graph.convolution(
      first, outputs: 9, kernel: 3, name: "second", activation: .tanh)
    let flat = second.reshaped([1, images, 9 * 4 * 3])
    let loss = graph.linear(flat, outputs: 70, name: "linear").tanh().squared().mean()
    try check(
      Scene(graph: graph, inputs: [x], integers: [], outputs: [second], loss: loss))
  }

  @Test func `layers that share weights add their gradients in the order of one thread`() throws {
    let graph = Graph()
    let (x, y) = (graph.input([4, 16, 5]), graph.input([4, 16, 5]))
    func network(_ x: Tensor) -> Tensor {
      graph.linear(graph.linear(x, outputs: 33, name: "first").tanh(), outputs: 2, name: "last")
    }
    let (first, second) = (network(x), network(y))
    let loss = (first * second).sum() + first.squared().mean()
    try check(
      Scene(graph: graph, inputs: [x, y], integers: [], outputs: [first, second], loss: loss))
  }

  /// The sizes of recurrent layers.
  struct Core: CustomTestStringConvertible {
    var cell: RecurrentCell
    var steps: Int
    var environments: Int
    var size: Int
    var testDescription: String { "\(cell) T \(steps), B \(environments), H \(size)" }
  }

  @Test(
    arguments: [RecurrentCell.lstm, .gru].flatMap { cell in
      [(6, 16, 12), (1, 9, 5), (4, 2, 20), (8, 1, 7), (3, 37, 33), (5, 7, 8)].map {
        Core(cell: cell, steps: $0.0, environments: $0.1, size: $0.2)
      }
    })
  func `recurrent layers have the same bits with any number of threads`(_ core: Core) throws {
    let (steps, environments, size) = (core.steps, core.environments, core.size)
    let graph = Graph()
    let x = graph.input([steps, environments, 5])
    let resets = graph.input([steps, environments], elementType: .int32)
    let given = graph.input([environments, 3])
    let layers = 2
    // Gradients pass to the states before the first row as well.
    let states = (0..<2 * layers).map {
      graph.linear(given, outputs: size, name: "state\($0)").tanh()
    }
    let (output, after) = graph.recurrent(
      core.cell, graph.linear(x, outputs: 24, name: "hidden").tanh(), size: size,
      from: .init(
        hidden: Array(states[..<layers]), cell: core.cell == .lstm ? Array(states[layers...]) : []),
      resets: resets, name: "core", nil)
    let last = (after.hidden + after.cell).map { $0.lastRow.squared().mean() }
    let loss = last.reduce(graph.linear(output, outputs: 3, name: "out").squared().mean(), +)
    let scene = Scene(
      graph: graph, inputs: [x, given], integers: [resets],
      outputs: [output] + after.hidden + after.cell, loss: loss)
    let alone = run(scene, threads: nil)
    for bits in alone.bits { try #require(bits.contains { $0 != 0 && $0 != bits[0] }) }
    for threadCount in [1, 2, 3, 8] {
      let together = run(scene, threads: ThreadPool(threadCount: threadCount))
      let chunkCount = together.executor.chunkSteps.count { step in
        if case .recurrent = step { true } else { false }
      }
      #expect((chunkCount >= 2 * layers) == (threadCount > 1 && threadCount <= environments))
      for (index, bits) in together.bits.enumerated() {
        #expect(bits == alone.bits[index], "\(threadCount) threads, vector \(index)")
      }
    }
  }

  @Test func `small work stays in one thread`() {
    let threads = ThreadPool(threadCount: 2)
    let small = actorCritic(steps: 2, environments: 8, hidden: 16)
    #expect(
      run(small, threads: threads, smallestStretch: Plan.usualStretch).executor.threads == nil)
    let large = actorCritic(steps: 32, environments: 16, hidden: 64)
    #expect(
      run(large, threads: threads, smallestStretch: Plan.usualStretch).executor.threads != nil)
  }
}
