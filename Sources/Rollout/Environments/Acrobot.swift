// Goals, most important first: the numbers of Gymnasium's `acrobot.py` under NumPy 2, bit for bit;
// speed; brevity. The equations are in `AcrobotMotion`.

/// Two links in a chain, driven at the joint between them; the end has to swing above a line.
///
/// This is the task of Sutton (1996), with the equations of Sutton and Barto's book as Gymnasium
/// implements them. The observation is cosine and sine of the first angle (0 hanging down), cosine
/// and sine of the second angle (relative to the first), and both angular velocities. The reward of
/// every step is −1, except for the step that ends the episode: 0.
package struct Acrobot: Environment {
  /// The angles and velocities, and the angles' sines and cosines.
  var motion = AcrobotMotion<Double>()
  /// The observed parts of the angles: cosine and sine of the first, then of the second.
  var shownCircle = SIMD4<Float>(1, 0, 1, 0)

  /// Both angles, then both angular velocities.
  package var state: SIMD4<Double> {
    let state = motion.state
    return [state.angle1, state.angle2, state.velocity1, state.velocity2]
  }

  /// Creates two links that hang at rest; `reset` begins an episode.
  package init() {}

  /// A Box of six numbers within ±9π.
  ///
  /// Cosines and sines stay within ±1, the first velocity within ±4π.
  package var observationSpace: Space {
    let bound = Double(Float(AcrobotConstants.maximumVelocity2))
    return .box(shape: [6], low: -bound, high: bound)
  }
  /// The torques −1, 0 and 1.
  package var actionSpace: Space { .discrete(3) }

  /// Cosines, sines and angular velocities in single precision.
  package var observation: InlineArray<6, Float> {
    [
      shownCircle.x, shownCircle.y, shownCircle.z, shownCircle.w,
      Float(motion.state.velocity1), Float(motion.state.velocity2),
    ]
  }

  /// Starts almost at rest, with four numbers within ±0.1 that are rounded to float32.
  package mutating func reset(using random: inout PCG64) {
    func draw() -> Double { Double(Float(random.uniform(-0.1, 0.1))) }
    motion.state.angle1 = draw()
    motion.state.angle2 = draw()
    motion.state.velocity1 = draw()
    motion.state.velocity2 = draw()
    motion.point(LibraryTrigonometry())
    // Gymnasium's state is float32 before the first step, and so is the arithmetic of the
    // observation.
    let (first, second) = (Float(motion.state.angle1), Float(motion.state.angle2))
    shownCircle = [
      NumPySmallAngle.cosine(first), NumPySmallAngle.sine(first),
      NumPySmallAngle.cosine(second), NumPySmallAngle.sine(second),
    ]
  }

  /// Drives the joint with the torque `action` − 1.
  ///
  /// - Precondition: the action is 0, 1 or 2.
  package mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    precondition(action >= 0 && action <= 2, "Acrobot has the actions 0, 1 and 2, not \(action)")
    let height = motion.step(Double(action &- 1), LibraryTrigonometry())
    shownCircle = SIMD4<Float>(
      [motion.cosine1, motion.sine1, motion.cosine2, motion.sine2] as SIMD4<Double>)
    return StepOutcome(reward: height > 1 ? 0 : -1, terminated: height > 1)
  }
}

/// Cosine and sine of float32 angles so small that NumPy does not reduce them.
///
/// These are NumPy's own polynomials (`loops_trigonometric.dispatch.cpp`), which are not always
/// rounded like the C library's functions. On processors without fused multiply-add, NumPy uses the
/// C library's functions.
enum NumPySmallAngle {
  /// Returns the cosine of an angle below π/4.
  static func cosine(_ angle: Float) -> Float {
    let square = angle * angle
    return Float(-0x1.6c06dcp-10).addingProduct(square, 0x1.98e616p-16)
      .times(square, plus: 0x1.55553cp-05).times(square, plus: -0x1p-1).times(square, plus: 1)
  }

  /// Returns the sine of an angle below π/4.
  static func sine(_ angle: Float) -> Float {
    let square = angle * angle
    return Float(-0x1.a06bbap-13).addingProduct(square, 0x1.7d3bbcp-19)
      .times(square, plus: 0x1.11119ap-07).times(square, plus: -0x1.555556p-03)
      .times(square, plus: 0).times(angle, plus: angle)
  }
}

extension Float {
  /// Returns self · factor + summand, rounded once.
  fileprivate func times(_ factor: Float, plus summand: Float) -> Float {
    summand.addingProduct(self, factor)
  }
}

extension Acrobot {
  /// Returns true if angles and velocities are within their bounds.
  ///
  /// Angles are brought there in steps of 2π.
  package func isPossible(for fresh: Acrobot) -> Bool {
    let limits: SIMD4<Double> = [
      Double.pi, Double.pi, AcrobotConstants.maximumVelocity1, AcrobotConstants.maximumVelocity2,
    ]
    return state.indices.allSatisfy { abs(state[$0]) <= limits[$0] }
  }
}
