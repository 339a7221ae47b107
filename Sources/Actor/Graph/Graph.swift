import Rollout

/// A list of operations over known shapes, written down by running ordinary Swift once.
///
/// A policy or an objective is traced into a graph; an `Executor` then runs the list forwards and backwards for ever,
/// over memory planned beforehand. One graph definition serves workers ([1, B]) and the learner ([T, B]).
///
///     let graph = Graph()
///     let x = graph.input([8, 4])
///     let logits = graph.linear(x, outputs: 2, name: "logits").logSoftmax()
public final class Graph {
  struct Node {
    var operation: Operation
    var operands: [Int]
    var shape: [Int]
    var elementType: ElementType?
  }

  /// The parameters and buffers that were asked for, in the order in which they were first named.
  public private(set) var parameters = ParameterLayout()

  private(set) var nodes: [Node] = []
  private var parameterNodes: [String: Int] = [:]
  /// Whether parameters that are asked for are held as they are.
  private var isHolding = false

  /// An empty graph.
  public init() {}

  /// Numbers that the caller sets before each run.
  public func input(_ shape: [Int], elementType: ElementType? = nil) -> Tensor {
    append(.input(.memory), [], shape, elementType: elementType)
  }

  /// Rows of a field of the fragment that is bound before each run: [rows, B, …].
  ///
  /// - Parameters:
  ///   - column: the field.
  ///   - specification: its element type and shape per environment.
  ///   - rows: the rows to see, counted from the row that the fragment is bound at.
  ///   - environments: whose; all environments' when it is nil.
  /// - Precondition: of several rows all environments are seen, since only then do they lie side by side.
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

  /// A learnt array under PyTorch's name, the same one for the same name.
  ///
  /// - Precondition: a name that was used before has the same shape, and is no buffer's.
  public func parameter(
    _ name: String, _ shape: [Int], _ initialisation: Initialisation
  ) -> Tensor {
    weights(name, shape, initialisation, isLearnt: !isHolding)
  }

  /// Numbers that are not learnt but travel with the weights: the statistics of a normaliser, or an ε.
  ///
  /// They lie in the flat vector under their name, so that workers and checkpoints have them; no gradient flows into them
  /// and no optimiser moves them. Whoever keeps them up to date writes their slice of the weights.
  ///
  /// - Precondition: a name that was used before has the same shape, and is no parameter's.
  public func buffer(_ name: String, _ shape: [Int], initially value: Double = 0) -> Tensor {
    weights(name, shape, .constant(value), isLearnt: false)
  }

  /// Traces with parameters that are not learnt: each one that is first named here becomes a buffer.
  ///
  /// A second network beside the one that is trained, such as Q-learning's target, is written with the same layers.
  public func holding<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = isHolding
    isHolding = true
    defer { isHolding = before }
    return try body()
  }

  private func weights(
    _ name: String, _ shape: [Int], _ initialisation: Initialisation, isLearnt: Bool
  ) -> Tensor {
    if let id = parameterNodes[name] {
      let node = nodes[id]
      precondition(
        node.shape == shape, "\(name) is \(node.shape), and cannot be \(shape) as well")
      if case .parameter(_, isLearnt) = node.operation {
        return Tensor(graph: self, id: id)
      }
      preconditionFailure("\(name) is both a parameter and a buffer")
    }
    let offset = parameters.add(name, shape, initialisation, isLearnt: isLearnt)
    let tensor = append(.parameter(offset: offset, isLearnt: isLearnt), [], shape)
    parameterNodes[name] = tensor.id
    return tensor
  }

  /// One number that never changes.
  public func constant(_ value: Double) -> Tensor { append(.constant(value), [], []) }

  /// Tensors side by side along their last axis, in the order given: the seed's `ModuleDict`.
  ///
  /// - Precondition: all other axes agree.
  public func concatenate(_ parts: [Tensor]) -> Tensor {
    guard let first = parts.first else { preconditionFailure("nothing to concatenate") }
    guard parts.count > 1 else { return first.numeric }
    let leading = Array(first.shape.dropLast())
    for part in parts {
      precondition(
        Array(part.shape.dropLast()) == leading,
        "\(part.shape) does not stand beside \(first.shape)")
    }
    let width = parts.reduce(0) { $0 + $1.lastAxis }
    return append(.concatenate, parts.map(\.numeric), leading + [width])
  }

  /// Which nodes these ones depend on, themselves included, by number.
  func ancestors(of results: [Int]) -> [Bool] {
    var isNeeded = Array(repeating: false, count: nodes.count)
    for id in results { isNeeded[id] = true }
    // Operands were written down before what is made of them.
    for id in nodes.indices.reversed() where isNeeded[id] {
      for operand in nodes[id].operands { isNeeded[operand] = true }
    }
    return isNeeded
  }

  /// Tensors one behind the other along their first axis, in the order given.
  ///
  /// - Precondition: all other axes agree.
  func concatenateRows(_ parts: [Tensor]) -> Tensor {
    let row = Array(parts.first?.shape.dropFirst() ?? [])
    for part in parts {
      precondition(
        Array(part.shape.dropFirst()) == row, "\(part.shape) does not follow rows of \(row)")
    }
    let count = parts.reduce(0) { $0 + $1.shape[0] }
    // Rows lie one behind the other, so they stand side by side as parts of one row.
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
