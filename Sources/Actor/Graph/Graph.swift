import Rollout

/// A list of operations with known shapes, traced by running ordinary Swift once.
///
/// A policy or an objective is traced into a graph. An `Executor` then runs the list forwards and
/// backwards any number of times, in memory planned beforehand. One definition serves workers ([1,
/// B]) and the learner ([T, B]).
///
/// ```swift
/// let graph = Graph()
/// let x = graph.input([8, 4])
/// let logits = graph.linear(x, outputs: 2, name: "logits").logSoftmax()
/// ```
public final class Graph {
  struct Node {
    var operation: Operation
    var operands: [Int]
    var shape: [Int]
    var elementType: ElementType?
  }

  /// The parameters and buffers, in order of first use.
  public private(set) var parameters = ParameterLayout()

  private(set) var nodes: [Node] = []
  private var parameterNodes: [String: Int] = [:]
  /// True while new parameters become buffers.
  private var isHolding = false
  /// True while parameters pass no gradient.
  private var isFreezing = false

  /// Creates an empty graph.
  public init() {}

  /// Returns an input set by the caller before each run.
  public func input(_ shape: [Int], elementType: ElementType? = nil) -> Tensor {
    append(.input(.memory), [], shape, elementType: elementType)
  }

  /// Returns rows of a column of the fragment bound before each run: [rows, B, …].
  ///
  /// - Parameters:
  ///   - column: the column.
  ///   - specification: its element type and shape per environment.
  ///   - rows: the range of rows, relative to the row at which the fragment is bound.
  ///   - environments: the range of environments; `nil` for all.
  /// - Precondition: several rows need all environments, since only then are they contiguous.
  public func input(
    _ column: Column, _ specification: LeafSpecification, rows: Range<Int>,
    environments: Range<Int>? = nil
  ) -> Tensor {
    let environments = environments ?? 0..<column.environmentCount
    precondition(
      rows.count == 1 || environments.count == column.environmentCount,
      "\(rows.count) rows of \(environments.count) of \(column.environmentCount) environments")
    return append(
      .input(
        .fragment(
          column: column, firstRow: rows.lowerBound, firstEnvironment: environments.lowerBound)),
      [], [rows.count, environments.count] + specification.shape,
      elementType: specification.elementType)
  }

  /// Returns the learned parameter of a PyTorch name; one name is one parameter.
  ///
  /// - Precondition: a reused name has the same shape and is not a buffer's.
  public func parameter(
    _ name: String, _ shape: [Int], _ initialization: Initialization
  ) -> Tensor {
    let weights = weights(name, shape, initialization, isLearned: !isHolding)
    return isFreezing ? weights.stopGradient() : weights
  }

  /// Returns a buffer: values in the weights that are not learned, such as statistics or an ε.
  ///
  /// A buffer is a named part of the flat vector, which workers and checkpoints receive. It gets no
  /// gradient, and no optimizer changes it. Code that updates it writes its slice of the weights.
  ///
  /// - Precondition: a reused name has the same shape and is not a parameter's.
  public func buffer(_ name: String, _ shape: [Int], initially value: Double = 0) -> Tensor {
    weights(name, shape, .constant(value), isLearned: false)
  }

  /// Traces layers with buffers in place of parameters, for each name first used in `body`.
  ///
  /// A second network beside the trained one, such as Q-learning's target network, uses the same
  /// layers.
  public func holding<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = isHolding
    isHolding = true
    defer { isHolding = before }
    return try body()
  }

  /// Traces layers whose parameters get no gradient, which still passes through to their inputs.
  ///
  /// A loss may judge a policy's actions by a value network that it does not train.
  public func freezing<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = isFreezing
    isFreezing = true
    defer { isFreezing = before }
    return try body()
  }

  private func weights(
    _ name: String, _ shape: [Int], _ initialization: Initialization, isLearned: Bool
  ) -> Tensor {
    if let id = parameterNodes[name] {
      let node = nodes[id]
      precondition(
        node.shape == shape, "\(name) is \(node.shape), and cannot be \(shape) as well")
      if case .parameter(_, isLearned) = node.operation {
        return Tensor(graph: self, id: id)
      }
      preconditionFailure("\(name) is both a parameter and a buffer")
    }
    let offset = parameters.add(name, shape, initialization, isLearned: isLearned)
    let tensor = append(.parameter(offset: offset, isLearned: isLearned), [], shape)
    parameterNodes[name] = tensor.id
    return tensor
  }

  /// Returns a constant scalar.
  public func constant(_ value: Double) -> Tensor { append(.constant(value), [], []) }

  /// Concatenates tensors along their last axis, in the given order.
  ///
  /// This is the `ModuleDict` of rlplay's overview.
  ///
  /// - Precondition: all other axes agree.
  public func concatenate(_ parts: [Tensor]) -> Tensor {
    guard let first = parts.first else { preconditionFailure("no tensors to concatenate") }
    guard parts.count > 1 else { return first.numeric }
    let leading = Array(first.shape.dropLast())
    for part in parts {
      precondition(
        Array(part.shape.dropLast()) == leading,
        "\(part.shape) cannot be concatenated with \(first.shape)")
    }
    let width = parts.reduce(0) { $0 + $1.lastAxis }
    return append(.concatenate, parts.map(\.numeric), leading + [width])
  }

  /// Returns for each node whether any of `results` depends on it, themselves included.
  ///
  /// - Parameter operands: returns the operands of a node to follow; by default all.
  func ancestors(
    of results: [Int], through operands: (Node) -> [Int] = \.operands
  ) -> [Bool] {
    var isNeeded = Array(repeating: false, count: nodes.count)
    for id in results { isNeeded[id] = true }
    // Operands precede the nodes that use them.
    for id in nodes.indices.reversed() where isNeeded[id] {
      for operand in operands(nodes[id]) { isNeeded[operand] = true }
    }
    return isNeeded
  }

  /// Concatenates tensors along their first axis, in the given order.
  ///
  /// - Precondition: all other axes agree.
  func concatenateRows(_ parts: [Tensor]) -> Tensor {
    let row = Array(parts.first?.shape.dropFirst() ?? [])
    for part in parts {
      precondition(
        Array(part.shape.dropFirst()) == row,
        "\(part.shape) cannot be concatenated with rows of \(row)")
    }
    let count = parts.reduce(0) { $0 + $1.shape[0] }
    // Row-major parts are contiguous, which makes them the columns of one flat row.
    return concatenate(parts.map { $0.reshaped([$0.elementCount]) }).reshaped([count] + row)
  }

  func append(
    _ operation: Operation, _ operands: [Tensor], _ shape: [Int], elementType: ElementType? = nil
  ) -> Tensor {
    precondition(
      operands.allSatisfy { $0.graph === self }, "operands come from two different graphs")
    nodes.append(
      Node(
        operation: operation, operands: operands.map(\.id), shape: shape, elementType: elementType))
    return Tensor(graph: self, id: nodes.count - 1)
  }
}
