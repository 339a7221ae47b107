/// Eight Pendulums that step together.
struct PendulumGroup: EnvironmentGroup {
  private var angle = SIMD8<Double>()
  private var angularVelocity = SIMD8<Double>()
  private var cosine = SIMD8<Double>(repeating: 1)
  private var sine = SIMD8<Double>()

  static var isExact: Bool { VectorTrigonometry.agreesOnAllAngles }

  subscript(lane: Int) -> Pendulum {
    get {
      var pendulum = Pendulum()
      (pendulum.angle, pendulum.angularVelocity) = (angle[lane], angularVelocity[lane])
      (pendulum.cosine, pendulum.sine) = (cosine[lane], sine[lane])
      return pendulum
    }
    set {
      (angle[lane], angularVelocity[lane]) = (newValue.angle, newValue.angularVelocity)
      (cosine[lane], sine[lane]) = (newValue.cosine, newValue.sine)
    }
  }

  mutating func reset(_ lane: Int, using random: inout PCG64) {
    var pendulum = Pendulum()
    pendulum.reset(using: &random)
    self[lane] = pendulum
  }

  /// Applies a torque to each pendulum, clipped to ±2.
  @inline(__always)
  mutating func step(
    _ actions: SIMD8<Float>, _ trigonometry: VectorTrigonometry
  ) -> GroupOutcome {
    // The limit of the vectorized sine and cosine, which only an unlimited episode can reach.
    guard (magnitude(angle) .< 0.99e8).bytes == .max else { return turnSingly(actions) }
    let torque = actions.replacing(with: 2, where: actions .> 2)
      .replacing(with: -2, where: actions .< -2)
    let cost =
      Self.normalized(angle).squared + 0.1 * angularVelocity.squared
      + SIMD8<Double>(0.001 * NumPyPower.square(torque))
    let interval = Pendulum.Constants.interval
    angularVelocity =
      (angularVelocity + (15 * sine + SIMD8<Double>(3 * torque)) * interval).bounded(8)
    angle += angularVelocity * interval
    (sine, cosine) = trigonometry.sineAndCosine(angle)
    return GroupOutcome(rewards: SIMD8<Float>(-1 * cost), terminated: .zero)
  }

  /// Turns one pendulum after the other.
  @inline(never)
  private mutating func turnSingly(_ actions: SIMD8<Float>) -> GroupOutcome {
    var rewards = SIMD8<Float>()
    for lane in 0..<8 {
      var pendulum = self[lane]
      rewards[lane] = Float(-pendulum.turn(actions[lane]))
      self[lane] = pendulum
    }
    return GroupOutcome(rewards: rewards, terminated: .zero)
  }

  /// Returns angles within [−π, π), by Python's modulo.
  ///
  /// Both remainders are exact: that of the nearest multiple, and that of the multiple below.
  @inline(__always)
  private static func normalized(_ angle: SIMD8<Double>) -> SIMD8<Double> {
    let turn = 2 * Double.pi
    let raised = angle + Double.pi
    let distance = magnitude(raised)
    // Adding the shifter rounds to the nearest integer.
    let shifter = 0x1.8p52
    let count = (distance / turn + shifter) - shifter
    var rest = distance.addingProduct(-count, turn)
    rest = rest.replacing(with: rest + turn, where: rest .< 0)
    rest = rest.replacing(with: -rest, where: raised .< 0)
    rest = rest.replacing(with: rest + turn, where: rest .< 0)
    return rest - Double.pi
  }

  /// Stores cosine, sine and angular velocity in single precision.
  @inline(__always)
  func storeObservations(_ observations: UnsafeMutablePointer<Float>) {
    let (c, s) = (SIMD8<Float>(cosine), SIMD8<Float>(sine))
    let v = SIMD8<Float>(angularVelocity)
    for lane in 0..<8 {
      let start = UnsafeMutableRawPointer(observations + 3 &* lane)
      start.storeBytes(of: SIMD2(c[lane], s[lane]), as: SIMD2<Float>.self)
      start.storeBytes(of: v[lane], toByteOffset: 8, as: Float.self)
    }
  }
}
