import Actor
import Learner
import Rollout
import TestSupport
import Testing

/// Figures printed in the cube, computed with the graph's own operations.
struct SeedFigureTests {
  @Test func `one transition of the ELU policy learns as the notebook says`() throws {
    let reference = try Reference("elu_policy_sgd")
    let graph = Graph()
    let x = graph.input([1, 5])
    let action = graph.input([1], elementType: .int32)
    let hidden = graph.linear(x, outputs: 4, name: "0").elu()
    let logits = graph.linear(hidden, outputs: 12, name: "2")
    let logProbability = logits.logSoftmax().pick(action)
    let loss = -reference["discounted_return"].number * logProbability.sum()
    let executor = Executor<Double>(graph, outputs: [logits, logProbability], loss: loss)
    func flat(_ key: String) -> [Double] {
      graph.parameters.entries.flatMap { reference[key, $0.name].numbers }
    }
    executor.set(x, to: reference["x"].numbers)
    executor.set(action, toIntegers: [Int32(reference["action"].number)])
    executor.weights.assign(flat("parameters_before"))
    executor.weightsChanged()
    executor.forward()
    executor.backward()
    // Sums of five terms near 1 are off by 1e-15; these figures have to agree to 1e-10.
    let bound = 1e-10
    let pairs: [(String, [Double], [Double])] = [
      ("logits", executor.values(of: logits), reference["logits"].numbers),
      ("log-probability", executor.values(of: logProbability), [-2.514844358797807]),
      ("loss", [executor.value(of: loss)], [-4.903946499655723]),
      ("log-probability", [-2.514844358797807], [reference["log_prob"].number]),
      ("loss", [-4.903946499655723], [reference["loss"].number]),
      ("gradients", executor.gradients.elements, flat("gradients")),
    ]
    for (what, observed, expected) in pairs {
      let difference = firstDifference(observed, expected, absolute: bound)
      #expect(difference == nil, "\(what): \(difference ?? "")")
    }
    let descent = SGD<Double>(
      count: executor.weights.count, learningRate: reference["learning_rate"].number)
    descent.step(executor.weights, executor.gradients)
    let difference = firstDifference(
      executor.weights.elements, flat("parameters_after"), absolute: bound)
    #expect(difference == nil, "after the step: \(difference ?? "")")
  }

  @Test func `the notebook's observation and weights are drawn from its seed`() throws {
    let reference = try Reference("elu_policy_sgd")
    var random = PCG64(seed: 123)
    func normal(_ count: Int, scale: Double = 1) -> [Double] {
      (0..<count).map { _ in scale * random.numpyStandardNormal() }
    }
    #expect(normal(5) == reference["x"].numbers)
    // NumPy's matrices are [inputs, outputs], PyTorch's [outputs, inputs].
    for (name, inputs, outputs) in [("0", 5, 4), ("2", 4, 12)] {
      let matrix = normal(inputs * outputs, scale: 0.1)
      let expected = reference["parameters_before", "\(name).weight"].numbers
      for index in matrix.indices {
        let (input, output) = (index / outputs, index % outputs)
        #expect(matrix[index] == expected[output * inputs + input])
      }
      let bias = normal(outputs, scale: 0.01)
      #expect(bias == reference["parameters_before", "\(name).bias"].numbers)
    }
  }

  @Test func `a double executor gives values and gradients`() {
    let graph = Graph()
    let (x, index) = (graph.input([1, 2]), graph.input([1], elementType: .int32))
    let y = graph.linear(x, outputs: 3, name: "y")
    let executor = DoubleExecutor(graph, outputs: [y], loss: y.pick(index).sum())
    for place in 0..<9 { executor.weights[place] = Double(place) }
    executor.set(x, to: [2, 3])
    executor.set(index, toIntegers: [1])
    executor.run()
    #expect(executor.values(of: y) == [9, 20, 31])
    #expect(executor.gradients.elements == [0, 0, 2, 3, 0, 0, 0, 1, 0])
  }

  @Test func `the return that weighs the transition is of two steps of −1`() throws {
    let graph = Graph()
    let (rewards, ends) = (graph.input([2, 1]), graph.input([2, 1]))
    let returns = Tensor.discountedReturns(rewards: rewards, ends: ends, discount: 0.95)
    let executor = Executor<Double>(graph, outputs: [returns])
    executor.set(rewards, to: [-1, -1])
    executor.set(ends, to: [0, 0])
    executor.forward()
    let expected = try Reference("elu_policy_sgd")["discounted_return"].number
    // One product and one sum in Double.
    #expect(isClose(executor.values(of: returns)[0], expected, absolute: 1e-15))
  }

  @Test func `the masked loss of two trajectories`() throws {
    let reference = try Reference("masked_batch")
    let graph = Graph()
    let (rewards, active) = (graph.input([2, 2]), graph.input([2, 2]))
    let (ends, logProbabilities) = (graph.input([2, 2]), graph.input([2, 2]))
    let returns = Tensor.discountedReturns(
      rewards: rewards, ends: ends, discount: reference["gamma"].number)
    let validCount = active.sum()
    let loss = -(logProbabilities * returns * active).sum() / validCount
    let executor = Executor<Double>(graph, outputs: [loss, returns, validCount])
    executor.set(rewards, to: reference["rewards"].numbers)
    executor.set(active, to: reference["active"].numbers)
    // The first trajectory has one step, the second two.
    executor.set(ends, to: [1, 0, 0, 1])
    executor.set(logProbabilities, to: reference["log_probs"].numbers)
    executor.forward()
    let difference = firstDifference(
      executor.values(of: returns), reference["returns"].numbers, absolute: 1e-15)
    #expect(difference == nil, "\(difference ?? "")")
    #expect(executor.value(of: validCount) == reference["valid_count"].number)
    #expect(isClose(executor.value(of: loss), reference["loss"].number, absolute: 1e-10))
  }
}
