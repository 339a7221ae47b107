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

  /// The parameters that were asked for, in the order in which they were first named.
  public private(set) var parameters = ParameterLayout()

  private(set) var nodes: [Node] = []
  private var parameterNodes: [String: Int] = [:]

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
  public func input(
    _ column: Column, _ specification: LeafSpecification, rows: Range<Int>
  ) -> Tensor {
    append(
      .input(.fragment(column: column, firstRow: rows.lowerBound)), [],
      [rows.count, column.environmentCount] + specification.shape,
      elementType: specification.elementType)
  }

  /// A learnt array under PyTorch's name, the same one for the same name.
  ///
  /// - Precondition: a name that was used before has the same shape.
  public func parameter(
    _ name: String, _ shape: [Int], _ initialisation: Initialisation
  ) -> Tensor {
    if let id = parameterNodes[name] {
      precondition(
        nodes[id].shape == shape, "\(name) is \(nodes[id].shape), and cannot be \(shape) as well")
      return Tensor(graph: self, id: id)
    }
    let offset = parameters.add(name, shape, initialisation)
    let tensor = append(.parameter(offset: offset), [], shape)
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
