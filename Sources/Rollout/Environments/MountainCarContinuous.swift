// Goals, most important first: the numbers of Gymnasium's `continuous_mountain_car.py` under NumPy
// 2, bit for bit; speed; brevity.
//
// The Python source mixes precisions. A reset leaves a float64 state, every step a float32 one. The
// action is float32 unless it was clipped, which makes it a Python float. NumPy 2 rounds a Python
// float to float32 when it combines the two. The precision of every operation here follows from
// these rules.

import Glibc

/// A car between two hills with a throttled engine too weak to climb the right one directly.
///
/// The observation is position and velocity. A step costs a tenth of the action's square. The step
/// that reaches 0.45 without rolling back has an additional reward of 100 and ends the episode.
package struct MountainCarContinuous: Environment {
  /// Position and velocity; float32 values after an episode's first step.
  package var state = SIMD2<Double>()
  /// True before the episode's first step, when the state is float64.
  package var isFresh = true

  /// Creates a car; `reset` begins an episode.
  @inlinable
  package init() {}

  /// A Box of two numbers; the velocity stays within ±0.07.
  package var observationSpace: Space { MountainCarTrack.observationSpace }
  /// The engine's force, within ±1.
  package var actionSpace: Space { .box(shape: [1], low: -1, high: 1) }

  /// The state in single precision.
  @inlinable
  package var observation: SIMD2<Float> { SIMD2<Float>(state) }

  /// Starts at rest near the bottom, at a position in [−0.6, −0.4).
  @inlinable
  package mutating func reset(using random: inout PCG64) {
    state = SIMD2(random.uniform(-0.6, -0.4), 0)
    isFresh = true
  }

  /// Pushes with a force within ±1.
  ///
  /// A larger force is clipped, but its cost is not, as in Gymnasium. In a batch, actions have been
  /// clipped before.
  @inlinable
  package mutating func step(_ action: Float, using random: inout PCG64) -> StepOutcome {
    push(action)
  }

  /// Steps with a force; only `reset` draws random numbers.
  @inlinable
  mutating func push(_ action: Float) -> StepOutcome {
    var (position, velocity) = (state.x, state.y)
    let angle = isFresh ? 3 * position : Double(3 * Float(position))
    let slope = 0.0025 * cos(angle)
    let acceleration: Double
    if action > 1 || action < -1 {
      acceleration = (action > 1 ? 1 : -1) * Constants.power - slope
    } else {
      acceleration = Double(action * Float(Constants.power) - Float(slope))
    }
    if isFresh {
      // The car was at rest at the bottom, so it is far from every limit.
      velocity += acceleration
      position += velocity
    } else {
      (position, velocity) = moved(Float(position), Float(velocity), Float(acceleration))
    }
    let arrived = position >= Double(Self.goal) && velocity >= 0
    state = SIMD2(Double(Float(position)), Double(Float(velocity)))
    isFresh = false
    let cost = Double(action) * Double(action) * 0.1
    return StepOutcome(reward: (arrived ? 100 : 0) - cost, terminated: arrived)
  }

  /// The goal as compared with a float32 position; before the first step the car is far from it.
  @inlinable
  static var goal: Float { 0.45 }

  @inlinable
  func moved(
    _ position: Float, _ velocity: Float, _ acceleration: Float
  ) -> (position: Double, velocity: Double) {
    let speed = Float(MountainCarTrack.maximumSpeed)
    let (left, right) = (Float(MountainCarTrack.leftEnd), Float(MountainCarTrack.rightEnd))
    var velocity = velocity + acceleration
    velocity = velocity > speed ? speed : velocity < -speed ? -speed : velocity
    var position = position + velocity
    position = position > right ? right : position < left ? left : position
    if position == left && velocity < 0 { velocity = 0 }
    return (Double(position), Double(velocity))
  }

  @usableFromInline
  enum Constants {
    @inlinable static var power: Double { 0.0015 }
  }
}

extension MountainCarContinuous {
  /// Returns true if the car is on the track and not too fast.
  package func isPossible(for fresh: MountainCarContinuous) -> Bool {
    MountainCarTrack.allows(state)
  }
}
