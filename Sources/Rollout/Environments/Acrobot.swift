// Goals, most important first: the numbers of Gymnasium's `acrobot.py` under NumPy 2, bit for bit;
// speed; brevity. Every expression keeps the order of operations of the Python source; factors of 1
// are left out. Squares are powers.

import Glibc

/// Two links in a chain, driven at the joint between them, whose end is to swing above a line: the task
/// of Sutton (1996), with the equations of Sutton and Barto's book as Gymnasium has them.
///
/// The observation is cosine and sine of the first angle, 0 hanging down, of the second one, which is
/// relative to the first, and both angular velocities. Every step is rewarded by −1, the one that
/// ends the episode by 0.
public struct Acrobot: Environment {
  /// Both angles, then both angular velocities.
  public private(set) var state = SIMD4<Double>()
  /// Cosine and sine of the first angle and of the second one.
  @usableFromInline var circle = SIMD4<Double>(1, 0, 1, 0)
  /// What is observed of the angles.
  @usableFromInline var shownCircle = SIMD4<Float>(1, 0, 1, 0)

  /// Makes two links that hang at rest; an episode begins with `reset`.
  public init() {}

  /// Six numbers; those of the angles stay within ±1, the first velocity within ±4π.
  public var observationSpace: Space {
    let bound = Double(Float(Constants.maximumVelocity2))
    return .box(shape: [6], low: -bound, high: bound)
  }
  /// Torque −1, none, torque 1.
  public var actionSpace: Space { .discrete(3) }

  /// Cosines, sines and angular velocities in single precision.
  public var observation: InlineArray<6, Float> {
    [
      shownCircle.x, shownCircle.y, shownCircle.z, shownCircle.w, Float(state.z), Float(state.w),
    ]
  }

  /// Begins almost at rest: four numbers within ±0.1, rounded to float32.
  public mutating func reset(using random: inout PCG64) {
    for index in 0..<4 { state[index] = Double(Float(random.uniform(-0.1, 0.1))) }
    circle = Self.circle(state)
    // The state is float32 before the first step, and so is the arithmetic of what is shown.
    let (first, second) = (Float(state.x), Float(state.y))
    shownCircle = [
      NumPySmallAngle.cosine(first), NumPySmallAngle.sine(first),
      NumPySmallAngle.cosine(second), NumPySmallAngle.sine(second),
    ]
  }

  /// Drives the joint by −1 with 0, not at all with 1, by 1 with 2.
  ///
  /// - Precondition: the action is 0, 1 or 2.
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    precondition(action >= 0 && action <= 2, "Acrobot has the actions 0, 1 and 2, not \(action)")
    let torque = Double(action &- 1)
    let half = Constants.interval / 2
    // Runge and Kutta's method of fourth order.
    let k1 = Self.derivative(state, torque, cosine2: circle.z, sine2: circle.w)
    let k2 = Self.derivative(state + half * k1, torque)
    let k3 = Self.derivative(state + half * k2, torque)
    let k4 = Self.derivative(state + Constants.interval * k3, torque)
    var next = state + Constants.interval / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    next.x = Self.wrapped(next.x)
    next.y = Self.wrapped(next.y)
    next.z = Self.bounded(next.z, Constants.maximumVelocity1)
    next.w = Self.bounded(next.w, Constants.maximumVelocity2)
    state = next
    circle = Self.circle(next)
    shownCircle = SIMD4<Float>(circle)
    let isHigh = -circle.x - cos(next.y + next.x) > 1
    return StepOutcome(reward: isHigh ? 0 : -1, terminated: isHigh)
  }

  private static func circle(_ state: SIMD4<Double>) -> SIMD4<Double> {
    let (first, second) = (point(state.x), point(state.y))
    return [first.cosine, first.sine, second.cosine, second.sine]
  }

  /// Cosine and sine; glibc's `sincos` has the results of its two functions (compared on 20 million angles
  /// within ±7, none differed).
  @inline(__always)
  private static func point(_ angle: Double) -> (cosine: Double, sine: Double) {
    var (cosine, sine) = (0.0, 0.0)
    sineAndCosine(angle, &sine, &cosine)
    return (cosine, sine)
  }

  @inline(__always)
  private static func derivative(_ state: SIMD4<Double>, _ torque: Double) -> SIMD4<Double> {
    let second = point(state.y)
    return derivative(state, torque, cosine2: second.cosine, sine2: second.sine)
  }

  /// The state's rate of change: masses, lengths and moments of inertia are 1, centres at 0.5.
  @inline(__always)
  private static func derivative(
    _ state: SIMD4<Double>, _ torque: Double, cosine2: Double, sine2: Double
  ) -> SIMD4<Double> {
    let (angle1, angle2, velocity1, velocity2) = (state.x, state.y, state.z, state.w)
    let d1 = 0.25 + (1.25 + cosine2) + 1 + 1
    let d2 = 0.25 + 0.5 * cosine2 + 1
    let phi2 = 0.5 * Constants.gravity * cos(angle1 + angle2 - Double.pi / 2)
    let phi1 =
      -0.5 * NumPyPower.square(velocity2) * sine2 - velocity2 * velocity1 * sine2
      + 1.5 * Constants.gravity * cos(angle1 - Double.pi / 2) + phi2
    let acceleration2 =
      (torque + d2 / d1 * phi1 - 0.5 * NumPyPower.square(velocity1) * sine2 - phi2)
      / (0.25 + 1 - NumPyPower.square(d2) / d1)
    let acceleration1 = -(d2 * acceleration2 + phi1) / d1
    return [velocity1, velocity2, acceleration1, acceleration2]
  }

  private static func wrapped(_ angle: Double) -> Double {
    var angle = angle
    while angle > Double.pi { angle -= 2 * Double.pi }
    while angle < -Double.pi { angle += 2 * Double.pi }
    return angle
  }

  private static func bounded(_ velocity: Double, _ limit: Double) -> Double {
    velocity < -limit ? -limit : velocity > limit ? limit : velocity
  }

  private enum Constants {
    static var gravity: Double { 9.8 }
    static var interval: Double { 0.2 }
    static var maximumVelocity1: Double { 4 * Double.pi }
    static var maximumVelocity2: Double { 9 * Double.pi }
  }
}

/// Cosine and sine of float32 angles so small that NumPy does not reduce them.
///
/// NumPy's own polynomials (`loops_trigonometric.dispatch.cpp`), which are not always rounded as the C
/// library's functions are; on processors without a fused multiply-add NumPy takes the latter.
enum NumPySmallAngle {
  /// The cosine of an angle below π/4.
  static func cosine(_ angle: Float) -> Float {
    let square = angle * angle
    return Float(-0x1.6c06dcp-10).addingProduct(square, 0x1.98e616p-16)
      .times(square, plus: 0x1.55553cp-05).times(square, plus: -0x1p-1).times(square, plus: 1)
  }

  /// The sine of an angle below π/4.
  static func sine(_ angle: Float) -> Float {
    let square = angle * angle
    return Float(-0x1.a06bbap-13).addingProduct(square, 0x1.7d3bbcp-19)
      .times(square, plus: 0x1.11119ap-07).times(square, plus: -0x1.555556p-03)
      .times(square, plus: 0).times(angle, plus: angle)
  }
}

extension Float {
  /// self · factor + summand, rounded once.
  fileprivate func times(_ factor: Float, plus summand: Float) -> Float {
    summand.addingProduct(self, factor)
  }
}

/// glibc's extension, which Swift's module of it leaves out.
@_silgen_name("sincos")
private func sineAndCosine(
  _ angle: Double, _ sine: UnsafeMutablePointer<Double>, _ cosine: UnsafeMutablePointer<Double>)
