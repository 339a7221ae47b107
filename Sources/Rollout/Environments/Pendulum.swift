// Goals, most important first: the numbers of Gymnasium's `pendulum.py` under NumPy 2, bit for bit;
// speed; brevity.
//
// The torque is float32 there, and so are 3u and 0.001u²; the rest is float64. Squares are powers.

import Glibc

/// A pendulum to be swung up and held upright by a torque at its pivot, with Gymnasium's equations.
///
/// The observation is cosine and sine of the angle (0 upright) and the angular velocity. A step
/// costs θ² + 0.1 ω² + 0.001 u², computed from the state before the step. No episode ends by
/// itself.
package struct Pendulum: Environment {
  /// The unbounded angle (0 upright) and the angular velocity, within ±8 after the first step.
  @inlinable
  package var state: SIMD2<Double> {
    get { SIMD2(angle, angularVelocity) }
    set {
      (angle, angularVelocity) = (newValue.x, newValue.y)
      (cosine, sine) = (cos(angle), sin(angle))
    }
  }

  @usableFromInline var angle = 0.0
  @usableFromInline var angularVelocity = 0.0
  // Of the angle. The values observed after a step are the values with which the next step begins.
  @usableFromInline var cosine = 1.0
  @usableFromInline var sine = 0.0

  /// Creates an upright pendulum at rest; `reset` begins an episode.
  @inlinable
  package init() {}

  /// A Box of three numbers; cosine and sine stay within ±1.
  package var observationSpace: Space { .box(shape: [3], low: -8, high: 8) }
  /// The torque, within ±2.
  package var actionSpace: Space { .box(shape: [1], low: -2, high: 2) }

  /// Cosine, sine and angular velocity in single precision.
  @inlinable
  package var observation: InlineArray<3, Float> {
    [Float(cosine), Float(sine), Float(angularVelocity)]
  }

  /// Starts at any angle, with an angular velocity within ±1.
  @inlinable
  package mutating func reset(using random: inout PCG64) {
    let angle = random.uniform(-Double.pi, Double.pi)
    state = SIMD2(angle, random.uniform(-1, 1))
  }

  /// Applies a torque, clipped to ±2.
  @inlinable
  package mutating func step(_ action: Float, using random: inout PCG64) -> StepOutcome {
    StepOutcome(reward: -turn(action))
  }

  /// Applies a torque, clipped to ±2, and returns the cost of the step.
  @inlinable
  mutating func turn(_ action: Float) -> Double {
    let torque = action < -2 ? -2 : action > 2 ? 2 : action
    let cost =
      NumPyPower.square(normalized(angle)) + 0.1 * NumPyPower.square(angularVelocity)
      + Double(0.001 * NumPyPower.square(torque))
    // 3 g / (2 l) = 15 and 3 / (m l²) = 3. Semi-implicit Euler: the angle changes by the new
    // velocity.
    var velocity = angularVelocity + (15 * sine + Double(3 * torque)) * Constants.interval
    velocity = velocity < -8 ? -8 : velocity > 8 ? 8 : velocity
    state = SIMD2(angle + velocity * Constants.interval, velocity)
    return cost
  }

  /// Returns the angle within [−π, π), by Python's modulo.
  @inlinable
  func normalized(_ angle: Double) -> Double {
    let turn = 2 * Double.pi
    let raised = angle + Double.pi
    if raised >= 0 && raised < turn { return raised - Double.pi }
    var rest = fmod(raised, turn)
    if rest < 0 { rest += turn }
    return rest - Double.pi
  }

  @usableFromInline
  enum Constants {
    @inlinable static var interval: Double { 0.05 }
  }
}

extension Pendulum {
  /// Returns true if the state is finite.
  package func isPossible(for fresh: Pendulum) -> Bool { state.isFinite }
}
