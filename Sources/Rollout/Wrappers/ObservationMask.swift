/// A wrapper that shows some elements of another environment's observation and hides the others.
///
/// The actor has to remember or infer hidden elements. For example, CartPole without its velocities
/// is
///
/// ```swift
/// try ObservationMask(CartPole(), keeping: [0, 2])
/// ```
///
/// The observation space becomes a Box of the kept elements, [kept], in the order of `indices`,
/// with the original bounds and element type. Steps, rewards and random numbers are the base's, so
/// equal random seeds give equal states. Nothing is allocated besides what the base allocates for
/// its observation.
public struct ObservationMask<Base: Environment, let kept: Int>: Environment
where Base.Observation: RecordableVector {
  /// The environment with the full observation.
  public var base: Base
  /// The indices of the elements shown, counted in row-major order.
  public let indices: InlineArray<kept, Int>
  /// A Box of the kept elements.
  public let observationSpace: Space

  /// Masks the observation of an environment.
  ///
  /// - Parameters:
  ///   - base: an environment with a Box as observation space.
  ///   - indices: the elements to keep, as row-major indices into the Box, in any order.
  /// - Throws: `SpaceMismatch` if the observation is not a Box, or an index is out of range or
  ///   repeated.
  public init(_ base: Base, keeping indices: InlineArray<kept, Int>) throws(SpaceMismatch) {
    let names = indices.indices.map { indices[$0] }
    observationSpace = try base.observationSpace.keeping(names, of: "\(Base.self)")
    self.base = base
    self.indices = indices
  }

  /// The base's action space.
  @inlinable
  public var actionSpace: Space { base.actionSpace }
  /// The base's number of lives.
  @inlinable
  public var lives: Int? { base.lives }

  /// The kept elements.
  @inlinable
  public var observation: InlineArray<kept, Base.Observation.RecordedElement> {
    let whole = base.observation
    return InlineArray { whole.recordedElement(at: indices[$0]) }
  }

  /// Starts a new episode.
  @inlinable
  public mutating func reset(using random: inout PCG64) throws {
    try base.reset(using: &random)
  }

  /// Plays one action.
  @inlinable
  public mutating func step(
    _ action: Base.Action, using random: inout PCG64
  ) throws -> StepOutcome {
    try base.step(action, using: &random)
  }
}

extension ObservationMask: Sendable where Base: Sendable {}

extension Space {
  /// Returns the Box of some of this one's elements.
  func keeping(_ indices: [Int], of type: String) throws(SpaceMismatch) -> Space {
    guard case .box(let shape, let low, let high, let elementType) = self else {
      throw SpaceMismatch(
        description: "the observation of \(type), \(self), cannot be masked: it must be a Box")
    }
    let count = shape.reduce(1, *)
    for (place, index) in indices.enumerated() {
      guard index >= 0 && index < count else {
        throw SpaceMismatch(
          description: """
            element \(index) of the observation of \(type) cannot be kept: \(self) has the \
            elements 0 to \(count - 1)
            """)
      }
      guard !indices[..<place].contains(index) else {
        throw SpaceMismatch(
          description: "element \(index) of the observation of \(type) is kept twice: name it once")
      }
    }
    return .box(shape: [indices.count], low: low, high: high, elementType: elementType)
  }
}
