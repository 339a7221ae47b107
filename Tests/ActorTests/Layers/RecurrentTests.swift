import Actor
import Rollout
import TestSupport
import Testing

/// Tests of recurrent layers' declarations, and of rows run together or one by one.
struct RecurrentTests {
  private func traced(
    _ graph: Graph, isLSTM: Bool, _ x: Tensor, size: Int, layers: Int, _ state: RecurrentState,
    _ resets: Tensor, weights: Initialization? = nil
  ) -> (output: Tensor, state: RecurrentState) {
    isLSTM
      ? graph.lstm(
        x, size: size, layers: layers, from: state, resets: resets, name: "core", weights: weights)
      : graph.gru(
        x, size: size, layers: layers, from: state, resets: resets, name: "core", weights: weights)
  }

  private func state(_ graph: Graph, isLSTM: Bool, _ shape: [Int], layers: Int) -> RecurrentState {
    RecurrentState(
      hidden: (0..<layers).map { _ in graph.input(shape) },
      cell: isLSTM ? (0..<layers).map { _ in graph.input(shape) } : [])
  }

  // MARK: Parameters

  @Test(arguments: [true, false])
  func `parameters are PyTorch's in name, shape, order and first values`(isLSTM: Bool) {
    let gates = isLSTM ? 4 : 3
    for weights: Initialization? in [nil, .orthogonal(gain: 1)] {
      let graph = Graph()
      let (output, last) = traced(
        graph, isLSTM: isLSTM, graph.input([6, 2, 3]), size: 16, layers: 2,
        state(graph, isLSTM: isLSTM, [2, 16], layers: 2), graph.input([6, 2], elementType: .bool),
        weights: weights)
      let entries = graph.parameters.entries
      #expect(
        entries.map(\.name) == [
          "core.weight_ih_l0", "core.weight_hh_l0", "core.bias_ih_l0", "core.bias_hh_l0",
          "core.weight_ih_l1", "core.weight_hh_l1", "core.bias_ih_l1", "core.bias_hh_l1",
        ])
      let width = gates * 16
      #expect(
        entries.map(\.shape) == [
          [width, 3], [width, 16], [width], [width],
          [width, 16], [width, 16], [width], [width],
        ])
      let bound = Initialization.uniform(0.25)
      let layer =
        weights.map { [$0, $0, .constant(0), .constant(0)] }
        ?? [bound, bound, bound, bound]
      #expect(entries.map(\.initialization) == layer + layer)
      #expect(output.shape == [6, 2, 16])
      #expect(last.hidden.map(\.shape) == [[2, 16], [2, 16]])
      #expect(last.cell.map(\.shape) == (isLSTM ? [[2, 16], [2, 16]] : []))
    }
  }

  @Test func `a state that does not fit is refused`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      let hidden = RecurrentState(hidden: [graph.input([2, 4])])
      _ = graph.lstm(
        graph.input([6, 2, 3]), size: 4, from: hidden, resets: graph.input([6, 2]), name: "core")
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      let hidden = RecurrentState(hidden: [graph.input([2, 5])])
      _ = graph.gru(
        graph.input([6, 2, 3]), size: 4, from: hidden, resets: graph.input([6, 2]), name: "core")
    }
  }

  // MARK: Rows

  /// An executor of two layers on `steps` rows, with or without a loss.
  private final class Rows {
    let executor: Executor<Float>
    let x, resets, output: Tensor
    let first, last: RecurrentState

    init(
      _ tests: RecurrentTests, isLSTM: Bool, steps: Int, environments: Int, size: Int,
      hasLoss: Bool
    ) {
      let graph = Graph()
      x = graph.input([steps, environments, 3])
      resets = graph.input([steps, environments])
      first = tests.state(graph, isLSTM: isLSTM, [environments, size], layers: 2)
      (output, last) = tests.traced(
        graph, isLSTM: isLSTM, x, size: size, layers: 2, first, resets)
      executor = Executor(
        graph, outputs: [output] + last.hidden + last.cell, loss: hasLoss ? output.sum() : nil)
      var generator = SmallGenerator(seed: 3)
      executor.weights.assign(
        (0..<executor.weights.count).map { _ in Float(generator.uniform(-1, 1)) })
      executor.weightsChanged()
    }

    /// Returns the output and the last states.
    func run(
      _ x: [Float], _ resets: [Float], from states: [[Float]]
    ) -> (output: [Float], states: [[Float]]) {
      executor.set(self.x, to: x)
      executor.set(self.resets, to: resets)
      for (tensor, numbers) in zip(first.hidden + first.cell, states) {
        executor.set(tensor, to: numbers)
      }
      executor.forward()
      return (
        executor.values(of: output), (last.hidden + last.cell).map { executor.values(of: $0) }
      )
    }
  }

  @Test(arguments: [true, false], [1, 3, 8])
  func `rows one by one give the bits of all rows at once`(isLSTM: Bool, environments: Int) {
    let steps = 7
    for size in [1, 5, 8, 16, 33] {
      var generator = SmallGenerator(seed: 4)
      func drawn(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float(generator.uniform(-1, 1)) }
      }
      let x = drawn(steps * environments * 3)
      let resets = (0..<steps * environments).map { Float($0 % 4 == 1 ? 1 : 0) }
      let first = (0..<(isLSTM ? 4 : 2)).map { _ in drawn(environments * size) }
      func rows(_ steps: Int, hasLoss: Bool) -> Rows {
        Rows(
          self, isLSTM: isLSTM, steps: steps, environments: environments, size: size,
          hasLoss: hasLoss)
      }
      let together = rows(steps, hasLoss: true).run(x, resets, from: first)
      let without = rows(steps, hasLoss: false).run(x, resets, from: first)
      #expect(without.output == together.output, "\(size) without a loss")
      #expect(without.states == together.states, "\(size) without a loss")

      let single = rows(1, hasLoss: false)
      var states = first
      var output: [Float] = []
      for t in 0..<steps {
        let row = single.run(
          Array(x[t * environments * 3..<(t + 1) * environments * 3]),
          Array(resets[t * environments..<(t + 1) * environments]), from: states)
        output += row.output
        states = row.states
      }
      #expect(output == together.output, "\(size), one by one")
      #expect(states == together.states, "\(size), one by one")
    }
  }
}
