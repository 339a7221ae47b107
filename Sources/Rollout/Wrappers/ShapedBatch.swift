/// Adds the gain of a potential to rewards: r + γ Φ(s′) − Φ(s), which leaves the best policy the best.
///
/// s′ is the observation before any reset. Φ(s′) is 0 where the task ended the episode, and stays where a
/// limit cut it. Source: Ng, Harada and Russell, "Policy invariance under reward transformations", 1999.
public final class ShapedBatch: WrappedBatch {
  /// What a state is worth, by its observation, whose leaves are valid during the call only.
  public typealias Potential = @Sendable (_ observation: LeafRow) -> Double

  private let discount: Double
  private let potential: Potential
  private let current: FlatVector<Double>

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - discount: γ, that of learning.
  ///   - potential: Φ; it allocates nothing if steps are not to.
  public init(
    _ inner: any EnvironmentBatch, discount: Double, potential: @escaping Potential
  ) {
    self.discount = discount
    self.potential = potential
    current = FlatVector(repeating: 0, count: inner.count)
    super.init(inner)
  }

  /// Wraps a batch with minus the distance of an observation's first two elements from the origin.
  ///
  /// - Throws: `SpaceMismatch` when the observation is no Box of two elements or more.
  public convenience init(
    _ inner: any EnvironmentBatch, discount: Double
  ) throws(SpaceMismatch) {
    let box = try inner.spaces.observation.box
    guard LeafSpecification(box.elementType, box.shape).elementCount >= 2 else {
      throw SpaceMismatch(
        description: """
          the observation is \(inner.spaces.observation) and its first two elements are to be a place
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
      rewards[index] += discount * next - current.base[index]
    }
  }

  override func survey() {
    for index in 0..<count where !waits[index] {
      current.base[index] = potential(rows.after.obs(index))
    }
  }
}
