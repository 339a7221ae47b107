import Rollout
import Testing

@testable import Learner

/// Tests of an optimizer's step in parts, and of undoing it.
struct GuardedStepTests {
  private static let count = 50_000
  /// Weights before and between the groups are not moved.
  private static let groups = [
    ParameterGroup(7..<20_001), ParameterGroup(20_003..<50_000, rateFactor: 0.3),
  ]

  private static func numbers(seed: UInt64) -> FlatVector<Float> {
    var random = PCG64(seed: seed)
    return FlatVector((0..<count).map { _ in Float(random.standardNormal()) })
  }

  private static func optimizer(_ name: String) -> any Optimizer<Float> {
    switch name {
    case "sgd": SGD(count: count, learningRate: 0.1, groups: groups)
    case "momentum":
      SGD(count: count, learningRate: 0.1, momentum: 0.9, isNesterov: true, groups: groups)
    case "rmsprop": RMSProp(count: count, learningRate: 0.1, momentum: 0.5, groups: groups)
    case "adam": Adam(count: count, learningRate: 0.1, weightDecay: 0.01, groups: groups)
    default: WholeStep(Adam(count: count, learningRate: 0.1, groups: groups))
    }
  }

  @Test(arguments: ["sgd", "momentum", "rmsprop", "adam", "whole"], [1, 3])
  func `parts make the step of the whole`(name: String, threadCount: Int) {
    let (whole, weights) = (Self.numbers(seed: 1), Self.numbers(seed: 1))
    let gradients = Self.numbers(seed: 2)
    let (expected, optimizer) = (Self.optimizer(name), Self.optimizer(name))
    let step = GuardedStep(
      of: optimizer, weights: weights, gradients: gradients,
      threads: threadCount == 1 ? nil : ThreadPool(threadCount: threadCount))
    for _ in 0..<3 {
      expected.step(whole, gradients)
      #expect(step.take() == nil)
    }
    #expect(weights.elements == whole.elements && optimizer.stepCount == 3)
    for (state, other) in zip(optimizer.state, expected.state) {
      #expect(state.values.elements == other.values.elements)
    }
    #expect(weights[6] == Self.numbers(seed: 1)[6] && weights[7] != Self.numbers(seed: 1)[7])
  }

  @Test(
    arguments: ["sgd", "whole"],
    [
      (Float.nan, nil), (2e8, WeightFault.size(6e6)), (5e4, .move(1.5e3)),
    ] as [(Float, WeightFault?)])
  func `a fault in one part undoes all`(
    name: String, fault: (gradient: Float, expected: WeightFault?)
  ) throws {
    let weights = FlatVector<Float>(repeating: 0, count: Self.count)
    let gradients = FlatVector<Float>(repeating: 0.5, count: Self.count)
    gradients[41_000] = fault.gradient
    // Plain gradient descent moves a weight by as much as its gradient says.
    let plain = SGD<Float>(count: Self.count, learningRate: 0.1, groups: Self.groups)
    let step = GuardedStep(
      of: name == "sgd" ? plain : WholeStep(plain), weights: weights, gradients: gradients,
      threads: ThreadPool(threadCount: 2))
    let found = try #require(step.take())
    let rate = Float(Double(Float(0.1)) * 0.3)
    switch (found, fault.expected) {
    case (.size(let size), nil): #expect(size.isNaN)
    case (.size(let size), .size): #expect(size == rate * fault.gradient)
    case (.move(let move), .move): #expect(move == rate * fault.gradient)
    default: Issue.record("\(found)")
    }
    #expect(weights.elements.allSatisfy { $0 == 0 })
    gradients[41_000] = 0.5
    #expect(step.take() == nil && weights[41_000] != 0)
  }
}

/// An optimizer that only moves all weights at once, as one that a user brings may do.
private final class WholeStep: Optimizer {
  private let base: any Optimizer<Float>

  init(_ base: any Optimizer<Float>) { self.base = base }

  var learningRate: Float {
    get { base.learningRate }
    set { base.learningRate = newValue }
  }
  var groups: [ParameterGroup] { base.groups }
  var stepCount: Int {
    get { base.stepCount }
    set { base.stepCount = newValue }
  }
  var state: [(name: String, values: FlatVector<Float>)] { base.state }

  func step(_ weights: FlatVector<Float>, _ gradients: FlatVector<Float>) {
    base.step(weights, gradients)
  }
}
