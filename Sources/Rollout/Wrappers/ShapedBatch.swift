/// A wrapper for potential-based reward shaping: r + γ Φ(s′) − Φ(s).
///
/// Shaping of this form preserves the optimal policy. s′ is the observation before any reset. Φ(s′)
/// counts as 0 if the task terminated the episode, and in full if a limit truncated it. Source: Ng,
/// Harada and Russell, "Policy invariance under reward transformations", 1999.
package final class ShapedBatch: WrappedBatch {
  /// The potential of a state by its observation; the leaves are valid only during the call.
  package typealias Potential = @Sendable (_ observation: LeafRow) -> Double

  private let discount: Double
  private let potential: Potential
  private let current: FlatVector<Double>

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - inner: the batch to wrap.
  ///   - discount: γ, equal to the discount of learning.
  ///   - potential: Φ; it has to allocate nothing if steps are to be free of allocation.
  package init(
    _ inner: any EnvironmentBatch, discount: Double, potential: @escaping Potential
  ) {
    self.discount = discount
    self.potential = potential
    current = FlatVector(repeating: 0, count: inner.count)
    super.init(inner)
  }

  /// Wraps a batch with minus the distance of the first two elements from the origin as potential.
  ///
  /// - Throws: `SpaceMismatch` if the observation is not a Box of at least two elements.
  package convenience init(
    _ inner: any EnvironmentBatch, discount: Double
  ) throws(SpaceMismatch) {
    let box = try inner.spaces.observation.box
    guard LeafSpecification(box.elementType, box.shape).elementCount >= 2 else {
      throw SpaceMismatch(
        description: """
          the observation is \(inner.spaces.observation) and must have a position as its first two \
          elements
          """)
    }
    self.init(inner, discount: discount) { observation in
      let x = observation.number(at: 0, box.elementType)
      let y = observation.number(at: 1, box.elementType)
      return -(x * x + y * y).squareRoot()
    }
  }

  override func transferOwn(_ snapshot: inout SnapshotCursor) { snapshot.transfer(current) }

  override func judge() {
    for index in 0..<count where !waits[index] {
      let next = terminated[index] ? 0 : potential(arrival(index))
      rewards[index] += discount * next - current[index]
    }
  }

  override func survey() {
    for index in 0..<count where !waits[index] {
      current[index] = potential(rows.after.obs(index))
    }
  }
}
