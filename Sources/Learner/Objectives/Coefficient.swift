public import Actor

/// A number in a loss that a schedule may change in the course of a run.
///
///     let cost = Coefficient("entropy_cost", entropyCost, in: graph)
///     let loss = -score - cost.tensor * entropy
///     return TracedLoss(loss, metrics: metrics, coefficients: [cost])
///
/// One that changes is an input of the graph, which `LossFunction` sets for each batch and reports under its name; one
/// that does not is a constant.
public struct Coefficient {
  /// Its name in the metrics.
  public let name: String
  /// How it changes.
  public let schedule: Schedule
  /// The number, [].
  public let tensor: Tensor

  /// A number of that schedule for a graph.
  public init(_ name: String, _ schedule: Schedule, in graph: Graph) {
    self.name = name
    self.schedule = schedule
    tensor = schedule.isConstant ? graph.constant(schedule.first) : graph.input([])
  }
}
