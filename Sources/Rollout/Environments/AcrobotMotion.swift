/// The motion of Acrobot's links, for one environment or for eight.
///
/// Every expression keeps the order of operations of Gymnasium's `acrobot.py`; factors of 1 are
/// left out. Squares are computed as powers.
struct AcrobotMotion<Number: AcrobotNumber> {
  /// Both angles and both angular velocities.
  struct State {
    var angle1: Number
    var angle2: Number
    var velocity1: Number
    var velocity2: Number
  }

  var state: State
  // Of both angles. The values observed after a step are the values with which the next step
  // begins.
  var cosine1 = Number(all: 1)
  var sine1 = Number(all: 0)
  var cosine2 = Number(all: 1)
  var sine2 = Number(all: 0)

  /// Creates links that hang at rest.
  @inline(__always)
  init() {
    let zero = Number(all: 0)
    state = State(angle1: zero, angle2: zero, velocity1: zero, velocity2: zero)
  }

  /// Computes the angles' sines and cosines.
  @inline(__always)
  mutating func point<T: Trigonometry>(_ trigonometry: T) where T.Number == Number {
    (sine1, cosine1) = trigonometry.sineAndCosine(state.angle1)
    (sine2, cosine2) = trigonometry.sineAndCosine(state.angle2)
  }

  /// Moves for one interval under a torque and returns the height of the end above the pivot.
  ///
  /// The integrator is the fourth-order Runge–Kutta method.
  @inline(__always)
  mutating func step<T: Trigonometry>(_ torque: Number, _ trigonometry: T) -> Number
  where T.Number == Number {
    let half = AcrobotConstants.interval / 2
    let k1 = derivative(of: state, torque, cosine2, sine2, trigonometry)
    let k2 = derivative(of: state.moved(half, k1), torque, trigonometry)
    let k3 = derivative(of: state.moved(half, k2), torque, trigonometry)
    let k4 = derivative(
      of: state.moved(AcrobotConstants.interval, k3), torque, trigonometry)
    state = State(
      angle1: sum(state.angle1, k1.angle1, k2.angle1, k3.angle1, k4.angle1).wrapped,
      angle2: sum(state.angle2, k1.angle2, k2.angle2, k3.angle2, k4.angle2).wrapped,
      velocity1: sum(state.velocity1, k1.velocity1, k2.velocity1, k3.velocity1, k4.velocity1)
        .bounded(AcrobotConstants.maximumVelocity1),
      velocity2: sum(state.velocity2, k1.velocity2, k2.velocity2, k3.velocity2, k4.velocity2)
        .bounded(AcrobotConstants.maximumVelocity2))
    point(trigonometry)
    return (-1 * cosine1) - trigonometry.cosine(state.angle2 + state.angle1)
  }

  @inline(__always)
  private func sum(
    _ number: Number, _ k1: Number, _ k2: Number, _ k3: Number, _ k4: Number
  ) -> Number {
    number + AcrobotConstants.interval / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
  }

  @inline(__always)
  private func derivative<T: Trigonometry>(
    of state: State, _ torque: Number, _ trigonometry: T
  ) -> State where T.Number == Number {
    let (sine2, cosine2) = trigonometry.sineAndCosine(state.angle2)
    return derivative(of: state, torque, cosine2, sine2, trigonometry)
  }

  /// Returns the derivative of the state.
  ///
  /// Masses, lengths and moments of inertia are 1; the centers of mass are at 0.5.
  @inline(__always)
  private func derivative<T: Trigonometry>(
    of state: State, _ torque: Number, _ cosine2: Number, _ sine2: Number, _ trigonometry: T
  ) -> State where T.Number == Number {
    let gravity = AcrobotConstants.gravity
    let (velocity1, velocity2) = (state.velocity1, state.velocity2)
    let d1: Number = 1 + (1 + (0.25 + (1.25 + cosine2)))
    let d2: Number = 1 + (0.25 + 0.5 * cosine2)
    let fall1 = trigonometry.cosine(state.angle1 - Double.pi / 2)
    let fall2 = trigonometry.cosine(state.angle1 + state.angle2 - Double.pi / 2)
    let phi2 = 0.5 * gravity * fall2
    let phi1 =
      (-0.5 * velocity2.squared) * sine2 - velocity2 * velocity1 * sine2
      + 1.5 * gravity * fall1 + phi2
    let acceleration2 =
      (torque + d2 / d1 * phi1 - 0.5 * velocity1.squared * sine2 - phi2)
      / (1.25 - d2.squared / d1)
    let acceleration1 = -1 * (d2 * acceleration2 + phi1) / d1
    return State(
      angle1: velocity1, angle2: velocity2, velocity1: acceleration1, velocity2: acceleration2)
  }
}

extension AcrobotMotion.State {
  /// Returns the state after moving at a constant rate for some time.
  @inline(__always)
  fileprivate func moved(_ time: Double, _ rate: Self) -> Self {
    Self(
      angle1: angle1 + time * rate.angle1, angle2: angle2 + time * rate.angle2,
      velocity1: velocity1 + time * rate.velocity1,
      velocity2: velocity2 + time * rate.velocity2)
  }
}

enum AcrobotConstants {
  static var gravity: Double { 9.8 }
  static var interval: Double { 0.2 }
  static var maximumVelocity1: Double { 4 * Double.pi }
  static var maximumVelocity2: Double { 9 * Double.pi }
}

/// The operations on numbers that Acrobot's equations need besides `EquationNumber`.
protocol AcrobotNumber: EquationNumber {
  /// The square, computed as NumPy's power of 2.
  var squared: Self { get }
  /// The angle shifted by multiples of 2π into ±π.
  var wrapped: Self { get }
  /// Returns the number clipped to ±limit; NaN stays NaN.
  func bounded(_ limit: Double) -> Self
}

extension Double: AcrobotNumber {
  @inline(__always)
  var squared: Double { NumPyPower.square(self) }

  @inline(__always)
  var wrapped: Double {
    var angle = self
    while angle > Double.pi { angle -= 2 * Double.pi }
    while angle < -Double.pi { angle += 2 * Double.pi }
    return angle
  }

  @inline(__always)
  func bounded(_ limit: Double) -> Double { self < -limit ? -limit : self > limit ? limit : self }
}

extension SIMD8<Double>: AcrobotNumber {
  @inline(__always)
  var squared: Self { NumPyPower.square(self) }

  @inline(__always)
  var wrapped: Self {
    var angle = self
    while (angle .> Double.pi).bytes != 0 {
      angle = angle.replacing(with: angle - 2 * Double.pi, where: angle .> Double.pi)
    }
    while (angle .< -Double.pi).bytes != 0 {
      angle = angle.replacing(with: angle + 2 * Double.pi, where: angle .< -Double.pi)
    }
    return angle
  }

  @inline(__always)
  func bounded(_ limit: Double) -> Self {
    replacing(with: limit, where: self .> limit).replacing(with: -limit, where: self .< -limit)
  }
}
