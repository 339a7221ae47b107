import Actor
import Rollout
import TestSupport
import Testing

/// Tests of each layer against PyTorch: output and gradients of input and parameters, in Double.
struct LayerReferenceTests {
  /// Runs one layer on the reference's inputs and compares all results.
  ///
  /// - Parameter shape: the input's shape.
  private func check(
    _ name: String, _ shape: [Int], _ build: (Graph, Tensor) -> Tensor
  ) throws {
    let reference = try Reference("layers")[name]
    let graph = Graph()
    let x = graph.parameter("input", shape, .constant(0))
    let output = build(graph, x)
    let outputGradient = graph.input(output.shape)
    let executor = Executor<Double>(
      graph, outputs: [output], loss: (output * outputGradient).sum())
    for entry in graph.parameters.entries {
      let numbers = figures(reference, entry.name, "input", "parameters")
      for (index, number) in zip(entry.range, numbers) { executor.weights[index] = number }
    }
    executor.set(outputGradient, to: reference["output_gradient"].numbers)
    executor.weightsChanged()
    executor.forward()
    executor.backward()

    // Both sides are in Double: they differ in the order of sums of at most 256 terms.
    let value = firstDifference(
      executor.values(of: output), reference["output"].numbers, absolute: 1e-13, relative: 1e-12)
    #expect(value == nil, "\(name): output \(value ?? "")")
    for entry in graph.parameters.entries {
      let difference = firstDifference(
        Array(executor.gradients.elements[entry.range]),
        figures(reference, entry.name, "input_gradient", "gradients"), absolute: 1e-13,
        relative: 1e-12)
      #expect(difference == nil, "\(name): gradient of \(entry.name) \(difference ?? "")")
    }
  }

  /// Returns the reference of a parameter: below `others`, except for the input.
  private func figures(
    _ reference: Reference, _ name: String, _ input: String, _ others: String
  ) -> [Double] {
    name == "input"
      ? reference[input].numbers : reference[others, String(name.dropFirst("layer.".count))].numbers
  }

  @Test func `activations are PyTorch's`() throws {
    try check("relu", [6, 9]) { $1.relu() }
    try check("elu", [6, 9]) { $1.elu() }
    try check("tanh", [6, 9]) { $1.tanh() }
    try check("sigmoid", [6, 9]) { $1.sigmoid() }
    try check("silu", [6, 9]) { $1.silu() }
    try check("gelu", [6, 9]) { $1.gelu() }
    try check("log_softmax", [6, 9]) { $1.logSoftmax() }
    try check("softmax", [6, 9]) { exp($1.logSoftmax()) }
  }

  @Test func `layer norm is PyTorch's`() throws {
    try check("layer_norm", [6, 9]) { $0.layerNorm($1, name: "layer") }
  }

  @Test func `convolutions are PyTorch's`() throws {
    for (kernel, stride, shape, outputs) in [
      (3, 1, [2, 2, 6, 7], 3), (4, 2, [2, 2, 10, 8], 3), (8, 4, [1, 4, 20, 20], 2),
    ] {
      try check("conv2d_k\(kernel)s\(stride)", shape) {
        $0.convolution($1, outputs: outputs, kernel: kernel, stride: stride, name: "layer")
      }
    }
  }

  @Test func `a linear layer is PyTorch's`() throws {
    try check("linear", [6, 7]) { $0.linear($1, outputs: 5, name: "layer") }
  }

  @Test func `an embedding is PyTorch's`() throws {
    let reference = try Reference("layers")["embedding"]
    let indices = reference["input"].numbers.map { Int32($0) }
    let table = reference["parameters", "weight"].elements
    let graph = Graph()
    let input = graph.input([4, 5], elementType: .int32)
    let output = graph.embedding(
      input, count: table.count, width: table[0].elements.count, name: "layer")
    let outputGradient = graph.input(output.shape)
    let executor = Executor<Double>(
      graph, outputs: [output], loss: (output * outputGradient).sum())
    executor.weights.assign(reference["parameters", "weight"].numbers)
    executor.set(input, toIntegers: indices)
    executor.set(outputGradient, to: reference["output_gradient"].numbers)
    executor.weightsChanged()
    executor.forward()
    executor.backward()
    #expect(executor.values(of: output) == reference["output"].numbers)
    // At most as many gradients add up as there are indices.
    let difference = firstDifference(
      executor.gradients.elements, reference["gradients", "weight"].numbers, absolute: 1e-13)
    #expect(difference == nil, "\(difference ?? "")")
  }
}
