import Rollout
import Testing

@testable import Actor

/// Tests of the steps that a plan omits, fuses and runs only once.
struct PlanTests {
  private func plan(_ graph: Graph, _ outputs: [Tensor], loss: Tensor? = nil) -> Plan {
    Plan(graph, outputs: outputs, loss: loss, scalarType: .float64)
  }

  private func count(_ plan: Plan, _ matches: (Instruction) -> Bool) -> Int {
    plan.body.filter(matches).count
  }

  private func isUnary(_ instruction: Instruction) -> Bool {
    if case .unary = instruction { true } else { false }
  }

  private func isLinear(_ instruction: Instruction, _ activation: Activation? = nil) -> Bool {
    guard case .linear(let shape, _, _, _, _, _) = instruction else { return false }
    return activation.map { $0 == shape.activation } ?? true
  }

  @Test func `what nothing asked for depends on is not run`() {
    let graph = Graph()
    let x = graph.input([3, 2])
    let wanted = exp(x)
    let dead = graph.linear(x, outputs: 4, name: "dead").tanh().sum()
    let plan = plan(graph, [wanted])
    #expect(plan.body.count == 1)
    #expect(plan.prologue.isEmpty)
    #expect(self.plan(graph, [wanted, dead]).body.count == 3)
  }

  @Test func `a gradient flows only where the loss is reached`() {
    let graph = Graph()
    let x = graph.input([3, 2])
    let hidden = graph.linear(x, outputs: 4, name: "both")
    let reported = graph.linear(hidden, outputs: 5, name: "reported").sum()
    let held = exp(hidden)
    let loss = (hidden * held.stopGradient()).sum()
    let plan = plan(graph, [reported], loss: loss)
    #expect(plan.needsGradient[hidden.id] && plan.needsGradient[loss.id])
    #expect(!plan.needsGradient[held.id] && !plan.needsGradient[reported.id])
  }

  @Test func `an input that nothing needs can be set and changes nothing`() {
    let graph = Graph()
    let x = graph.input([2])
    let idle = graph.input([300])
    let y = 2 * x
    let executor = Executor<Double>(graph, outputs: [y])
    executor.set(x, to: [1, 2])
    executor.set(idle, to: Array(repeating: 9, count: 300))
    executor.forward()
    #expect(executor.values(of: y) == [2, 4])
  }

  @Test func `what was not asked for cannot be read`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      let x = graph.input([2])
      let dead = 3 * x
      _ = Executor<Double>(graph, outputs: [2 * x]).values(of: dead)
    }
  }

  @Test func `an activation behind a layer becomes one step with it`() {
    for activation in [Activation.relu, .elu, .tanh] {
      let graph = Graph()
      let y = graph.linear(graph.input([3, 2]), outputs: 4, name: "a").activated(activation)
      let plan = plan(graph, [y])
      #expect(count(plan) { isLinear($0, activation) } == 1)
      #expect(count(plan, isUnary) == 0)
    }
  }

  @Test func `an activation is not joined when the layer's own result is read as well`() {
    let graph = Graph()
    let y = graph.linear(graph.input([3, 2]), outputs: 4, name: "a")
    let activated = y.relu()
    let other = exp(y)
    for (outputs, steps) in [([activated, other], 3), ([activated, y], 2)] {
      let plan = plan(graph, outputs)
      #expect(count(plan) { isLinear($0, .identity) } == 1)
      #expect(count(plan) { isLinear($0, .relu) } == 0)
      #expect(plan.body.count == steps)
    }
    // The other reader counts only if it is an output.
    #expect(count(plan(graph, [activated])) { isLinear($0, .relu) } == 1)
    // Two activations of one layer.
    #expect(count(plan(graph, [activated, y.tanh()])) { isLinear($0, .identity) } == 1)
  }

  @Test func `a second activation is a step of its own`() {
    let graph = Graph()
    let y = graph.linear(graph.input([3, 2]), outputs: 4, name: "a", activation: .relu).tanh()
    let plan = plan(graph, [y])
    #expect(count(plan) { isLinear($0, .relu) } == 1)
    #expect(count(plan, isUnary) == 1)
  }

  @Test func `a layer used twice has one transpose`() {
    let graph = Graph()
    let x = graph.input([3, 4])
    let once = graph.linear(x, outputs: 4, name: "a")
    let plan = plan(graph, [graph.linear(once, outputs: 4, name: "a")])
    #expect(plan.prologue.count == 1)
    #expect(plan.body.count == 2)
  }

  @Test func `what depends on weights alone is renewed when they changed, and then only`() {
    let graph = Graph()
    let x = graph.input([1, 2])
    let y = graph.linear(x, outputs: 2, name: "a", bias: false)
    let executor = Executor<Double>(graph, outputs: [y])
    executor.set(x, to: [1, 10])
    executor.weights.assign([1, 2, 3, 4])
    executor.weightsChanged()
    executor.forward()
    #expect(executor.values(of: y) == [21, 43])
    let packed = executor.prologue[0]
    guard case .pack(let out, _, _, _) = packed else {
      Issue.record("the prologue holds \(packed)")
      return
    }
    executor.weights.assign([5, 6, 7, 8])
    executor.forward()
    let width = Kernels.packedWidth(Double.self)
    for (input, column) in [[1.0, 3], [2, 4]].enumerated() {
      let stale = UnsafeBufferPointer(start: executor[out] + input * width, count: 2)
      #expect(Array(stale) == column, "a run packed the weight by itself")
    }
    executor.weightsChanged()
    executor.forward()
    #expect(executor.values(of: y) == [65, 87])
  }

  @Test func `what steps keep for themselves takes no room among gradients`() {
    let graph = Graph()
    let y = graph.linear(graph.input([3, 2]), outputs: 4, name: "a")
    let plan = plan(graph, [], loss: graph.layerNorm(y, name: "b").sum())
    // Whole cache lines of Doubles: x [3, 2], the layer's y [3, 4], the norm's, the sum.
    #expect(plan.arenaByteCount == 64 + 128 + 128 + 64)
    // The packed weight [4, 2], two numbers for each of three rows.
    #expect(plan.scratchByteCount == 8 * Kernels.packedCount(outputs: 4, inputs: 2) + 64)
  }

  @Test func `a recurrent layer keeps its rows only for a gradient`() {
    let graph = Graph()
    let state = RecurrentState(hidden: [graph.input([2, 8])])
    let (output, _) = graph.gru(
      graph.input([5, 2, 3]), size: 8, from: state, resets: graph.input([5, 2]), name: "core")
    let packed =
      8
      * (Kernels.packedCount(outputs: 24, inputs: 3) + Kernels.packedCount(outputs: 24, inputs: 8))
    let row = 8 * 2 * 8
    #expect(plan(graph, [output]).scratchByteCount == packed + row + 3 * row)
    // The states and the gates of five rows, gradients by the gates of five and by the state of
    // one.
    #expect(
      plan(graph, [], loss: output.sum()).scratchByteCount
        == packed + 5 * row + 15 * row + row + 15 * row)
  }

  @Test func `weights are used where they lie`() {
    let graph = Graph()
    let y = graph.linear(graph.input([1, 1]), outputs: 1, name: "a")
    let weights = FlatVector<Float>(repeating: 0.5, count: 2)
    let executor = Executor<Float>(graph, outputs: [y], loss: y, weights: weights)
    #expect(executor.weights === weights)
    #expect(executor.gradients.count == 2)
    #expect(Executor<Float>(graph, outputs: [y]).gradients.count == 0)
  }

  @Test func `a loss that no weight reaches has gradients of zero`() {
    let graph = Graph()
    let weight = graph.parameter("w", [3], .constant(1))
    let x = graph.input([3])
    let loss = (x * weight.stopGradient()).sum()
    let executor = Executor<Double>(graph, outputs: [], loss: loss)
    executor.weights.assign([1, 2, 3])
    executor.set(x, to: [1, 1, 1])
    executor.forward()
    executor.backward()
    #expect(executor.value(of: loss) == 6)
    #expect(executor.gradients.elements == [0, 0, 0])
  }

  @Test func `gradients are those of the last run, not a sum over runs`() {
    let graph = Graph()
    let loss = graph.parameter("w", [3], .constant(1)).squared().sum()
    let executor = Executor<Double>(graph, outputs: [], loss: loss)
    for scale in [1.0, 2] {
      executor.weights.assign([scale, 2 * scale, 3 * scale])
      executor.forward()
      executor.backward()
      executor.backward()
      #expect(executor.gradients.elements == [2 * scale, 4 * scale, 6 * scale])
    }
  }
}
