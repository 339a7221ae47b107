import Learner
import Rollout
import TestSupport
import Testing

/// Optimizers compared with PyTorch's steps.
struct OptimizerTests {
  /// Returns the weights after each of ten steps.
  private func steps<S: BinaryFloatingPoint & BitwiseCopyable>(_ optimizer: any Optimizer<S>) throws
    -> [Double]
  {
    let reference = try Reference("optimizers")
    let initial = reference["initial"].numbers
    let weights = FlatVector<S>(repeating: 0, count: initial.count)
    weights.assign(initial.map { S($0) })
    let gradients = FlatVector<S>(repeating: 0, count: initial.count)
    return reference["gradients"].elements.flatMap { step in
      gradients.assign(step.numbers.map { S($0) })
      optimizer.step(weights, gradients)
      return weights.elements.map { Double($0) }
    }
  }

  /// Returns an optimizer with the settings of the figures of that name.
  private func named<S: BinaryFloatingPoint & BitwiseCopyable>(
    _ name: String, _: S.Type
  ) -> any Optimizer<S> {
    switch name {
    case "sgd": SGD<S>(count: 9, learningRate: 0.05)
    case "sgd_momentum": SGD<S>(count: 9, learningRate: 0.05, momentum: 0.9)
    case "adam": Adam<S>(count: 9, learningRate: 0.05)
    case "adamw": Adam<S>(count: 9, learningRate: 0.05, weightDecay: 0.1)
    case "rmsprop": RMSProp<S>(count: 9, learningRate: 0.05, epsilon: 1e-5)
    default: preconditionFailure("no optimizer '\(name)'")
    }
  }

  @Test(arguments: [0..<0, 0..<43, 3..<17, 8..<16, 19..<42, 40..<43])
  func `zeros outside of a range change no bit of a clipped gradient`(range: Range<Int>) {
    var random = PCG64(seed: 5)
    let whole = FlatVector<Float>(repeating: 0, count: 43)
    for index in range { whole[index] = Float(random.standardNormal()) }
    let part = FlatVector(whole.elements)
    let norm = whole.clipNorm(to: 0.5)
    #expect(part.clipNorm(to: 0.5, in: range) == norm)
    #expect(part.elements == whole.elements)
    #expect(range.isEmpty || whole.norm() < norm, "nothing was clipped")
  }

  private static let names = ["sgd", "sgd_momentum", "adam", "adamw", "rmsprop"]
  private static let limits = ["0.5", "100.0"]

  @Test func `no recorded figure is left out`() throws {
    let reference = try Reference("optimizers")
    #expect(Set(reference["parameters"].keys) == Set(Self.names))
    #expect(Set(reference["clip_grad_norm"].keys) == Set(Self.limits))
  }

  @Test(arguments: names)
  func `ten steps agree with PyTorch's`(name: String) throws {
    let expected = try Reference("optimizers")["parameters", name].numbers
    // Ten steps of about ten roundings each, of numbers near 1; 6e-8 per rounding in Float.
    // Agreement to 1e-9 is required.
    let wide = try firstDifference(steps(named(name, Double.self)), expected, absolute: 1e-13)
    let narrow = try firstDifference(steps(named(name, Float.self)), expected, absolute: 1e-5)
    #expect(wide == nil && narrow == nil, "\(wide ?? "") \(narrow ?? "")")
  }

  @Test func `Adam's first step is the learning rate, whatever the gradient's size`() {
    for size in [1e-3, 1, 1e6] {
      let weights = FlatVector<Double>(repeating: 1, count: 3)
      let gradients = FlatVector<Double>(repeating: 0, count: 3)
      gradients.assign([size, -size, 0])
      let optimizer = Adam<Double>(count: 3, learningRate: 0.01)
      optimizer.step(weights, gradients)
      // m̂ / (√v̂ + ε) = g / (|g| + ε): off by at most ε / |g| = 1e-5 of a step, at the smallest
      // gradient.
      #expect(isClose(weights[0], 0.99, absolute: 2e-7))
      #expect(isClose(weights[1], 1.01, absolute: 2e-7))
      #expect(weights[2] == 1)
      #expect(optimizer.stepCount == 1)
    }
  }

  @Test(arguments: limits)
  func `shortening a gradient agrees with PyTorch's`(limit: String) throws {
    let reference = try Reference("optimizers")
    let gradients = reference["gradients"].elements[0].numbers
    let expected = reference["clip_grad_norm", limit]
    let wide = FlatVector<Double>(repeating: 0, count: gradients.count)
    wide.assign(gradients)
    // Nine squares, summed in another order.
    #expect(
      isClose(wide.clipNorm(to: Double(limit) ?? 0), expected["norm"].number, relative: 1e-14))
    let difference = firstDifference(wide.elements, expected["clipped"].numbers, absolute: 1e-14)
    #expect(difference == nil, "\(difference ?? "")")

    let narrow = FlatVector<Float>(repeating: 0, count: gradients.count)
    narrow.assign(gradients.map { Float($0) })
    #expect(
      isClose(narrow.clipNorm(to: Double(limit) ?? 0), expected["norm"].number, relative: 1e-6))
    let narrowDifference = firstDifference(
      narrow.elements.map { Double($0) }, expected["clipped"].numbers, absolute: 1e-6)
    #expect(narrowDifference == nil, "\(narrowDifference ?? "")")
  }

  @Test func `an infinite limit only measures, and norms are those of every length`() {
    for count in [0, 1, 7, 8, 9, 31, 67] {
      let vector = FlatVector<Float>(repeating: 0, count: count)
      let numbers = (0..<count).map { Float($0 % 5) - 1.75 }
      vector.assign(numbers)
      let expected = numbers.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(isClose(vector.clipNorm(to: .infinity), expected, relative: 1e-14))
      #expect(vector.elements == numbers)
    }
  }
}
