// Goals, most important first: the numbers of Gymnasium's `mountain_car.py`, bit for bit; speed;
// brevity. Every expression keeps the order of operations of the Python source.

import Glibc

/// A car between two hills with an engine too weak to climb the right one directly.
///
/// This is the task of Moore (1990) with Gymnasium's equations. The observation is position and
/// velocity. The reward of every step is −1. An episode ends when the car is at 0.5 or beyond and
/// does not roll back.
package struct MountainCar: Environment {
  /// Position and velocity, in double precision as Gymnasium keeps them.
  package var state = SIMD2<Double>()

  /// Creates a car; `reset` begins an episode.
  @inlinable
  package init() {}

  /// A Box of two numbers; the velocity stays within ±0.07.
  package var observationSpace: Space { MountainCarTrack.observationSpace }
  /// Push left, do not push, push right.
  package var actionSpace: Space { .discrete(3) }

  /// The state in single precision.
  @inlinable
  package var observation: SIMD2<Float> { SIMD2<Float>(state) }

  /// Starts at rest near the bottom, at a position in [−0.6, −0.4).
  @inlinable
  package mutating func reset(using random: inout PCG64) {
    state = SIMD2(random.uniform(-0.6, -0.4), 0)
  }

  /// Pushes to the left with 0, not at all with 1, to the right with 2.
  ///
  /// - Precondition: the action is 0, 1 or 2.
  @inlinable
  package mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    precondition(
      action >= 0 && action <= 2, "MountainCar has the actions 0, 1 and 2, not \(action)")
    var (position, velocity) = (state.x, state.y)
    velocity += Double(action &- 1) * 0.001 + cos(3 * position) * -0.0025
    let speed = MountainCarTrack.maximumSpeed
    velocity = velocity < -speed ? -speed : velocity > speed ? speed : velocity
    position += velocity
    let (left, right) = (MountainCarTrack.leftEnd, MountainCarTrack.rightEnd)
    position = position < left ? left : position > right ? right : position
    // The left wall stops the car.
    if position == left && velocity < 0 { velocity = 0 }
    state = SIMD2(position, velocity)
    return StepOutcome(reward: -1, terminated: position >= 0.5 && velocity >= 0)
  }
}

/// The properties shared by the two mountain cars.
@usableFromInline
enum MountainCarTrack {
  @inlinable static var leftEnd: Double { -1.2 }
  @inlinable static var rightEnd: Double { 0.6 }
  @inlinable static var maximumSpeed: Double { 0.07 }

  /// Returns true for a position and a velocity within their bounds, as such or as float32.
  static func allows(_ state: SIMD2<Double>) -> Bool {
    abs(Float(state.y)) <= Float(maximumSpeed)
      && (Float(leftEnd)...Float(rightEnd)).contains(Float(state.x))
  }

  /// The bounds of the position, rounded to float32 like the observation.
  static var observationSpace: Space {
    .box(shape: [2], low: Double(Float(leftEnd)), high: Double(Float(rightEnd)))
  }
}

extension MountainCar {
  /// Returns true if the car is on the track and not too fast.
  package func isPossible(for fresh: MountainCar) -> Bool { MountainCarTrack.allows(state) }
}
