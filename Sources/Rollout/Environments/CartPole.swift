// Goals, most important first: the numbers of Gymnasium's `cartpole.py`, bit for bit; speed;
// brevity.
//
// Every expression keeps the order of operations of the Python source. Nothing may be contracted to
// a fused multiply-add, which rounds once where Python rounds twice. Swift never contracts by
// itself.

import Glibc

/// A pole on a cart; pushes to the left or right must keep it from falling.
///
/// This is the task of Barto, Sutton and Anderson (1983) with Gymnasium's equations. The
/// observation is position, velocity, angle and angular velocity. The reward of every step is 1,
/// including the last one. An episode ends when the pole leans by more than 12° or the cart is more
/// than 2.4 from the center.
public struct CartPole: Environment, BitwiseCopyable {
  /// Position, velocity, angle and angular velocity, in double precision as Gymnasium keeps them.
  public var state = SIMD4<Double>()

  /// Creates a cart at rest in the center; `reset` begins an episode.
  @inlinable
  public init() {}

  /// A Box of four unbounded numbers.
  public var observationSpace: Space { .box(shape: [4], low: -.infinity, high: .infinity) }
  /// Pushes to the left and to the right.
  public var actionSpace: Space { .discrete(2) }

  /// The state in single precision.
  @inlinable
  public var observation: SIMD4<Float> { SIMD4<Float>(state) }

  /// Starts almost at rest, with four numbers within ±0.05.
  @inlinable
  public mutating func reset(using random: inout PCG64) {
    for index in 0..<4 { state[index] = random.uniform(-0.05, 0.05) }
  }

  /// Pushes the cart to the left with 0, to the right with 1.
  ///
  /// - Precondition: the action is 0 or 1.
  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    precondition(action == 0 || action == 1, "CartPole has the actions 0 and 1, not \(action)")
    let (position, velocity) = (state.x, state.y)
    let (angle, angularVelocity) = (state.z, state.w)
    let (acceleration, angularAcceleration) = Self.accelerations(
      force: action == 1 ? Constants.force : -Constants.force, angularVelocity: angularVelocity,
      sine: sin(angle), cosine: cos(angle))

    // Explicit Euler: every update uses the old state.
    state = SIMD4(
      position + Constants.interval * velocity,
      velocity + Constants.interval * acceleration,
      angle + Constants.interval * angularVelocity,
      angularVelocity + Constants.interval * angularAcceleration)
    let fell = abs(state.x) > Constants.positionLimit || abs(state.z) > Constants.angleLimit
    return StepOutcome(reward: 1, terminated: fell)
  }

  /// Returns the accelerations of cart and pole under a force, for one environment or for eight.
  ///
  /// Source: Florian (2005), "Correct equations for the dynamics of the cart-pole system".
  @inlinable
  @inline(__always)
  static func accelerations<Number: EquationNumber>(
    force: Number, angularVelocity: Number, sine: Number, cosine: Number
  ) -> (linear: Number, angular: Number) {
    let totalMass = Number(all: Constants.totalMass)
    let poleMassLength = Number(all: Constants.poleMassLength)
    let push = (force + poleMassLength * (angularVelocity * angularVelocity) * sine) / totalMass
    let angular =
      (Number(all: Constants.gravity) * sine - cosine * push)
      / (Number(all: Constants.halfLength)
        * (Number(all: 4.0 / 3.0)
          - Number(all: Constants.poleMass) * (cosine * cosine) / totalMass))
    return (push - poleMassLength * angular * cosine / totalMass, angular)
  }

  @usableFromInline
  enum Constants {
    @inlinable static var gravity: Double { 9.8 }
    @inlinable static var poleMass: Double { 0.1 }
    @inlinable static var totalMass: Double { 0.1 + 1.0 }
    @inlinable static var halfLength: Double { 0.5 }
    @inlinable static var poleMassLength: Double { 0.1 * 0.5 }
    @inlinable static var force: Double { 10 }
    @inlinable static var interval: Double { 0.02 }
    @inlinable static var positionLimit: Double { 2.4 }
    @inlinable static var angleLimit: Double { 12 * 2 * Double.pi / 360 }
  }
}

extension CartPole {
  /// Returns true if the state is finite.
  public func isPossible(for fresh: CartPole) -> Bool { state.isFinite }
}

extension SIMD where Scalar: FloatingPoint {
  /// True if every number is finite.
  var isFinite: Bool { indices.allSatisfy { self[$0].isFinite } }
}
