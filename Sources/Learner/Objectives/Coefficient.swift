public import Actor

/// A number in a loss that may follow a schedule.
///
/// ```swift
/// let cost = Coefficient("entropy_cost", entropyCost, in: graph)
/// let loss = -score - cost.tensor * entropy
/// let traced = TracedLoss(loss, metrics: metrics, coefficients: [cost])
/// ```
///
/// A coefficient that changes is an input of the graph. `LossFunction` sets it for each batch and
/// reports it under its name. A coefficient that does not change is a constant of the graph.
public struct Coefficient {
  /// The coefficient's name in the metrics.
  package let name: String
  /// The coefficient's value in the course of a run.
  package let schedule: Schedule
  /// The coefficient as a tensor of shape [].
  public let tensor: Tensor

  /// Creates a coefficient in a graph.
  public init(_ name: String, _ schedule: Schedule, in graph: Graph) {
    self.name = name
    self.schedule = schedule
    tensor = schedule.isConstant ? graph.constant(schedule.first) : graph.input([])
  }
}
