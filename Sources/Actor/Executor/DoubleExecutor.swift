public import Rollout

/// Runs a traced graph in double precision, to hold a formula and its gradient against figures.
///
/// Policies and losses of a run compute in single precision.
///
/// ```swift
/// let graph = Graph()
/// let x = graph.input([1, 5])
/// let y = graph.linear(x, outputs: 1, name: "y")
/// let executor = DoubleExecutor(graph, outputs: [y], loss: y.sum())
/// executor.set(x, to: [1, 2, 3, 4, 5])
/// executor.run()
/// print(executor.values(of: y), executor.gradients[0])
/// ```
public final class DoubleExecutor {
  private let executor: Executor<Double>
  /// The weights in the graph's parameter layout, zeros at first.
  public var weights: FlatVector<Double> { executor.weights }
  /// The gradient of the loss by each weight from the last ``run()``.
  public var gradients: FlatVector<Double> { executor.gradients }

  /// Plans a graph.
  ///
  /// - Parameters:
  ///   - graph: the traced graph.
  ///   - outputs: the tensors to compute.
  ///   - loss: a scalar to differentiate.
  public init(_ graph: Graph, outputs: [Tensor], loss: Tensor) {
    executor = Executor(graph, outputs: outputs, loss: loss)
  }

  /// Sets an input of floating-point numbers, row-major.
  ///
  /// - Precondition: the tensor is an input with as many elements.
  public func set(_ tensor: Tensor, to numbers: [Double]) { executor.set(tensor, to: numbers) }

  /// Sets an input of int32 numbers, row-major.
  ///
  /// - Precondition: the tensor is such an input with as many elements.
  public func set(_ tensor: Tensor, toIntegers numbers: [Int32]) {
    executor.set(tensor, toIntegers: numbers)
  }

  /// Computes all outputs, the loss and its gradient.
  public func run() {
    executor.weightsChanged()
    executor.forward()
    executor.backward()
  }

  /// Returns a copy of a tensor's values, row-major.
  ///
  /// - Precondition: the tensor is an output, or an output depends on it.
  public func values(of tensor: Tensor) -> [Double] { executor.values(of: tensor) }
}
