/// The shaping reward of the last step of an episode.
public enum ShapingEnd: Sendable {
  /// Φ(s′) is 0 if the task terminated the episode, and counts in full if a limit truncated it.
  ///
  /// The optimal policy stays the same. Source: Ng, Harada and Russell, "Policy invariance under
  /// reward transformations", 1999.
  case policyInvariant
  /// The shaping reward is −γ Φ(s), however the episode ends.
  ///
  /// The shaped return then contains γᵀ⁻¹ (1 − γ) Φ(s) of the last state s before the end, so that
  /// the optimal policy can change unless γ is 1.
  case tutorial
}

/// A wrapper for potential-based reward shaping: r + γ Φ(s′) − Φ(s).
///
/// s′ is the observation before any reset. ``ShapingEnd`` has the rules for the last step.
package final class ShapedBatch: RewardBatch {
  /// The potential of a state by its observation; the leaves are valid only during the call.
  package typealias Potential = @Sendable (_ observation: LeafRow) -> Double

  private let discount: Double
  private let end: ShapingEnd
  private let potential: Potential
  private let current: FlatVector<Double>

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - inner: the batch to wrap.
  ///   - discount: γ, equal to the discount of learning.
  ///   - end: the rule for the last step of an episode.
  ///   - potential: Φ; it has to allocate nothing if steps are to be free of allocation.
  package init(
    _ inner: any EnvironmentBatch, discount: Double, end: ShapingEnd,
    potential: @escaping Potential
  ) {
    self.discount = discount
    self.end = end
    self.potential = potential
    current = FlatVector(repeating: 0, count: inner.count)
    super.init(inner)
  }

  /// Wraps a batch with minus the distance of the first two elements from the origin as potential.
  ///
  /// - Throws: `SpaceMismatch` if the observation is not a Box of at least two elements.
  package convenience init(
    _ inner: any EnvironmentBatch, discount: Double, end: ShapingEnd = .policyInvariant
  ) throws(SpaceMismatch) {
    let box = try inner.spaces.observation.box
    guard LeafSpecification(box.elementType, box.shape).elementCount >= 2 else {
      throw SpaceMismatch(
        description: """
          the observation is \(inner.spaces.observation) and must have a position as its first two \
          elements
          """)
    }
    self.init(inner, discount: discount, end: end) { observation in
      let x = observation.number(at: 0, box.elementType)
      let y = observation.number(at: 1, box.elementType)
      return -(x * x + y * y).squareRoot()
    }
  }

  override func judge(_ rows: StepRows, of range: Range<Int>) {
    let rewards = rows.after.rew
    for index in range where !rows.isFrozen(index) {
      let isOver = rows.after.fin[index]
      if !rows.isIdle(index) {
        if end == .tutorial, isOver {
          rewards[index] = Float(Double(rewards[index]) - discount * current[index])
        } else {
          let arrival = isOver ? rows.finalObs(index) : rows.after.obs(index)
          let next = rows.terminated[index] ? 0 : potential(arrival)
          rewards[index] = Float(Double(rewards[index]) + (discount * next - current[index]))
          current[index] = next
        }
      }
      if isOver { begin(index, rows.after) }
    }
  }

  override func begin(_ index: Int, _ state: StateRow) {
    current[index] = potential(state.obs(index))
  }

  /// Measures, saves or restores the inner batch and the potentials of the states.
  package override func transfer(_ snapshot: inout SnapshotCursor) {
    super.transfer(&snapshot)
    snapshot.transfer(current)
  }
}
