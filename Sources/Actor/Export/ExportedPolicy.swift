import Rollout

/// A policy with its weights as a file for other programs: an ONNX model or a C header.
///
/// The file computes one step: from observation and recurrent state to the most likely action, the
/// recorded outputs and the next recurrent state. See docs/deploying.md.
///
/// ```swift
/// let exported = try ExportedPolicy(policy, weights: setup.weights, for: spaces)
/// print(exported.header(named: "policy"))
/// ```
public struct ExportedPolicy {
  /// An input or output of one environment.
  public struct Value: Sendable, Equatable {
    /// The name, such as `obs.camera`, `hx.h.0`, `action`, `value` or `next.hx.h.0`.
    public let name: String
    /// The element type in ONNX.
    public let elementType: ElementType
    /// The shape, without the axis of environments.
    public let shape: [Int]
    /// True for a choice or a number of steps, an `int` in C.
    let isWhole: Bool
    /// True for an input that the output `next.<name>` replaces at the next step.
    package internal(set) var isCarried: Bool

    init(
      name: String, elementType: ElementType, shape: [Int] = [], isWhole: Bool = false,
      isCarried: Bool = false
    ) {
      self.name = name
      self.elementType = isWhole ? .int64 : elementType
      self.shape = shape
      self.isWhole = isWhole
      self.isCarried = isCarried
    }

    /// The output with the value of this input at the next step.
    var next: Value {
      Value(name: "next.\(name)", elementType: elementType, shape: shape, isWhole: isWhole)
    }

    /// The number of elements.
    var elementCount: Int { shape.reduce(1, *) }

    /// Returns the values of the leaves of a space in declared order.
    static func leaves(of space: Space, below root: String) -> [Value] {
      zip(space.parts.leaves, space.parts.paths(below: root)).map { leaf, path in
        let specification = leaf.leaves.leaves[0]
        let isWhole =
          switch leaf {
          case .discrete, .multiDiscrete: true
          default: false
          }
        return Value(
          name: path, elementType: specification.elementType, shape: specification.shape,
          isWhole: isWhole)
      }
    }
  }

  /// Facts for the file, such as the name of the environment: metadata in ONNX, a comment in C.
  package var facts: [(name: String, text: String)]

  /// The weights, in the order of the policy's parameters.
  let weights: [Float]
  /// The step of one environment.
  let step: StepTrace
  /// The steps of two and of three environments, which show the axes that depend on their number.
  let several: (two: StepTrace, three: StepTrace)

  /// Traces a policy.
  ///
  /// - Parameters:
  ///   - policy: the policy.
  ///   - weights: its weights, which are copied.
  ///   - spaces: the spaces of the environment with its wrappers.
  ///   - actionBounds: the use of the bounds of a Box of actions in training.
  ///   - facts: facts for the file.
  /// - Throws: `PolicyError` if the policy does not support the spaces, if the number of weights is
  ///   another one, or if the step of one environment depends on the others or on no input.
  public init(
    _ policy: any Policy, weights: FlatVector<Float>, for spaces: EnvironmentSpaces,
    actionBounds: ActionBounds = .scale, facts: [(name: String, text: String)] = []
  ) throws(PolicyError) {
    try PolicySignature(policy, for: spaces).check(weightCount: weights.count)
    func trace(_ count: Int) throws(PolicyError) -> StepTrace {
      try StepTrace(policy, for: spaces, bounds: actionBounds, environmentCount: count)
    }
    self.facts = facts
    self.weights = weights.elements
    step = try trace(1)
    several = (try trace(2), try trace(3))
    try check()
  }

  /// The inputs, in the order of the file.
  public var inputs: [Value] { step.inputs.map(\.value) }

  /// The outputs, in the order of the file.
  public var outputs: [Value] { step.outputs.map(\.value) }

  /// Checks that each environment's step is its own.
  private func check() throws(PolicyError) {
    guard !step.inputs.isEmpty else {
      throw PolicyError("no output of the policy depends on an input: there is nothing to export")
    }
    let names = (inputs + outputs).map(\.name)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw PolicyError(
        "the policy has two inputs or outputs '\(name)' in a file: give its output another name")
    }
    let (two, three) = several
    guard two.order == three.order,
      two.order.allSatisfy({ two.node($0).operands == three.node($0).operands })
    else {
      throw PolicyError(
        "the policy has other operations for two environments than for three: trace equal ones")
    }
    for id in two.order {
      let node = two.node(id)
      let mixes: Bool
      switch node.operation {
      case .accumulateBackwards: mixes = true
      case .reduce: mixes = !isFixed(node.operands[0])
      default: mixes = dimensions(id).count { $0 == -1 } > 1
      }
      guard !mixes else {
        throw PolicyError(
          "a step of the policy has an operation over several environments or steps: compute each "
            + "environment's outputs from its own inputs")
      }
    }
  }

  /// Returns true if a node's shape is the same for any number of environments.
  func isFixed(_ id: Int) -> Bool { several.two.node(id).shape == several.three.node(id).shape }

  /// Returns a node's shape with −1 for axes that grow with the number of environments.
  func dimensions(_ id: Int) -> [Int] {
    zip(several.two.node(id).shape, several.three.node(id).shape).map { $0 == $1 ? $0 : -1 }
  }
}
