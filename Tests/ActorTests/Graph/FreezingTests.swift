import Actor
import Rollout
import TestSupport
import Testing

/// Tests of networks that a loss reads without training them.
struct FreezingTests {
  @Test(arguments: RecurrentCore.allCases)
  func `a frozen network passes the gradient of its input, and gets none`(core: RecurrentCore) {
    let graph = Graph()
    let start = graph.parameter("start", [2, 1, 3], .constant(0))
    let (state, resets) = (graph.input([1, 4]), graph.input([2, 1]))
    func network(_ x: Tensor) -> Tensor {
      var hidden = graph.linear(x, outputs: 4, name: "hidden", activation: .tanh)
      switch core {
      case .none: break
      case .lstm:
        hidden =
          graph.lstm(
            hidden, size: 4, from: .init(hidden: [state], cell: [state]), resets: resets,
            name: "core"
          ).output
      case .gru:
        hidden =
          graph.gru(
            hidden, size: 4, from: .init(hidden: [state]), resets: resets, name: "core"
          ).output
      }
      return graph.linear(hidden, outputs: 1, name: "out")
    }
    let trained = network(graph.input([2, 1, 3])).sum()
    let frozen = graph.freezing { network(start) }.sum()
    // Freezing ends with the body.
    let again = network(graph.input([2, 1, 3])).sum()
    let executor = Executor<Double>(graph, outputs: [trained, again], loss: frozen)
    var random = PCG64(seed: 1)
    for index in 0..<executor.weights.count { executor.weights[index] = random.uniform(-1, 1) }
    func loss() -> Double {
      executor.weightsChanged()
      executor.forward()
      return executor.value(of: frozen)
    }
    _ = loss()
    executor.backward()
    let gradients = executor.gradients.elements
    for entry in graph.parameters.entries {
      #expect(entry.isLearned)
      for index in entry.range {
        guard entry.name == "start" else {
          #expect(gradients[index] == 0, "\(entry.name)")
          continue
        }
        let before = executor.weights[index]
        let sides = [1e-5, -1e-5].map { move in
          executor.weights[index] = before + move
          return loss()
        }
        executor.weights[index] = before
        // h²/6 · f''' and rounding, both near 2e-11.
        #expect(isClose(gradients[index], (sides[0] - sides[1]) / 2e-5, absolute: 1e-8))
        #expect(gradients[index] != 0)
      }
    }
    let whole = Executor<Double>(graph, outputs: [], loss: again, weights: executor.weights)
    whole.weightsChanged()
    whole.forward()
    whole.backward()
    #expect(whole.gradients.elements.contains { $0 != 0 })
  }

  @Test func `normal numbers fill an input, and are drawn even if nothing reads it`() {
    let graph = Graph()
    let (read, unread) = (graph.input([2, 3]), graph.input([5]))
    let sum = read.sum()
    let executor = Executor<Double>(graph, outputs: [sum])
    var random = PCG64(seed: 9)
    executor.drawNormal(unread, using: &random)
    executor.drawNormal(read, using: &random)
    var twin = PCG64(seed: 9)
    let numbers = (0..<11).map { _ in twin.standardNormal() }
    #expect(executor.values(of: read) == Array(numbers[5...]))
    #expect(random == twin)
  }
}
