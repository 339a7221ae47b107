import Actor
import Rollout
import TestSupport
import Testing

/// Tests of a two-layer LSTM and GRU under a loss against PyTorch's results.
struct RecurrentReferenceTests {
  /// The traced network and its executor.
  private struct Run<S: KernelScalar> {
    let executor: Executor<S>
    let logits: Tensor
    let values: Tensor
    let state: RecurrentState
    let loss: Tensor

    init(_ reference: Reference, isLSTM: Bool) {
      let (steps, environments, size) = (12, 4, 8)
      let graph = Graph()
      var inputs: [(Tensor, [Double])] = []
      // Traces a range of rows of an array with one row more than there are steps.
      func input(_ key: String, _ rows: Range<Int>, _ shape: [Int] = []) -> Tensor {
        let shape = [steps, environments] + shape
        let width = shape.dropFirst().reduce(1, *)
        let numbers = reference[key].numbers
        let tensor = graph.input(shape)
        inputs.append((tensor, Array(numbers[rows.lowerBound * width..<rows.upperBound * width])))
        return tensor
      }
      func states(_ key: String) -> [Tensor] {
        reference[key].elements.map {
          let tensor = graph.input([environments, size])
          inputs.append((tensor, $0.numbers))
          return tensor
        }
      }
      let early = 0..<steps
      let late = 1..<steps + 1
      let x = input("obs", early, [3])
      let resets = input("fin", early)
      let first = RecurrentState(hidden: states("h0"), cell: isLSTM ? states("c0") : [])
      let output: Tensor
      (output, state) =
        isLSTM
        ? graph.lstm(x, size: size, layers: 2, from: first, resets: resets, name: "core")
        : graph.gru(x, size: size, layers: 2, from: first, resets: resets, name: "core")
      logits = graph.linear(output, outputs: 3, name: "logits").logSoftmax()
      values = graph.linear(output, outputs: 1, name: "value").reshaped([steps, environments])

      // REINFORCE with unclipped ρ and no baseline, the value's squared error and the entropy.
      let actions = graph.input([steps, environments], elementType: .int32)
      let logPi = logits.pick(actions)
      let logMu = input("behavior_logits", early, [3]).pick(actions)
      let returns = Tensor.discountedReturns(
        rewards: input("rew", late), ends: input("fin", late),
        discount: reference["gamma"].number)
      let score = (logPi * returns * exp(logPi.stopGradient() - logMu)).mean()
      let entropy = -(exp(logits) * logits).sumOverLastAxis().mean()
      loss =
        reference["value_cost"].number * (returns - values).squared().mean() - score
        - reference["c_entropy"].number * entropy

      executor = Executor(
        graph, outputs: [logits, values] + state.hidden + state.cell, loss: loss)
      for (tensor, numbers) in inputs { executor.set(tensor, to: numbers.map { S($0) }) }
      executor.set(
        actions,
        toIntegers: reference["act"].numbers.dropFirst(environments).map { Int32($0) })
      for entry in graph.parameters.entries {
        let numbers = reference["parameters", entry.name].numbers
        for (index, number) in zip(entry.range, numbers) {
          executor.weights[index] = S(number)
        }
      }
      executor.weightsChanged()
      executor.forward()
      executor.backward()
    }
  }

  private func check<S: KernelScalar>(
    _: S.Type, _ name: String, absolute: Double, gradients bound: Double
  ) throws {
    let reference = try Reference("recurrent_\(name)")
    let isLSTM = name == "lstm"
    let run = Run<S>(reference, isLSTM: isLSTM)
    func expect(_ what: String, _ tensors: [Tensor], _ numbers: [Double]) {
      let observed = tensors.flatMap { run.executor.values(of: $0) }.map { Double($0) }
      let difference = firstDifference(observed, numbers, absolute: absolute, relative: absolute)
      #expect(difference == nil, "\(S.self) \(name): \(what) \(difference ?? "")")
    }
    expect("logits", [run.logits], reference["logits"].numbers)
    expect("values", [run.values], reference["values"].numbers)
    expect("h_n", run.state.hidden, reference["h_n"].numbers)
    if isLSTM { expect("c_n", run.state.cell, reference["c_n"].numbers) }
    expect("loss", [run.loss], [reference["loss"].number])
    let entries = run.loss.graph.parameters.entries
    #expect(Set(entries.map(\.name)) == Set(reference["gradients"].keys))
    for entry in entries {
      let difference = firstDifference(
        run.executor.gradients.elements[entry.range].map { Double($0) },
        reference["gradients", entry.name].numbers, absolute: bound, relative: bound)
      #expect(
        difference == nil, "\(S.self) \(name): gradient of \(entry.name) \(difference ?? "")")
    }
  }

  @Test(arguments: ["lstm", "gru"])
  func `outputs, states, loss and gradients are PyTorch's`(name: String) throws {
    // Both sides are in Double: sums of at most 48 terms below 100, in another order.
    try check(Double.self, name, absolute: 1e-13, gradients: 1e-12)
    // Twelve rows of sums of 16 terms at 6e-8 each; gradients sum 48 of them, times returns up to
    // 10.
    try check(Float.self, name, absolute: 2e-6, gradients: 2e-5)
  }
}
