/// Eight CartPoles that step together.
struct CartPoleGroup: EnvironmentGroup {
  private var position = SIMD8<Double>()
  private var velocity = SIMD8<Double>()
  private var angle = SIMD8<Double>()
  private var angularVelocity = SIMD8<Double>()

  static var isExact: Bool { VectorTrigonometry.agreesOnSmallAngles }

  subscript(lane: Int) -> CartPole {
    get {
      var cart = CartPole()
      cart.state = SIMD4(position[lane], velocity[lane], angle[lane], angularVelocity[lane])
      return cart
    }
    set {
      (position[lane], velocity[lane]) = (newValue.state.x, newValue.state.y)
      (angle[lane], angularVelocity[lane]) = (newValue.state.z, newValue.state.w)
    }
  }

  mutating func reset(_ lane: Int, using random: inout PCG64) {
    var cart = CartPole()
    cart.reset(using: &random)
    self[lane] = cart
  }

  /// Pushes each cart.
  @inline(__always)
  mutating func step(
    _ actions: SIMD8<Int32>, _ trigonometry: VectorTrigonometry
  ) -> GroupOutcome {
    typealias Constants = CartPole.Constants
    precondition(
      (actions &>> 1) == SIMD8<Int32>.zero, "CartPole has the actions 0 and 1, not \(actions)")
    let force = SIMD8<Double>(actions) * (2 * Constants.force) - Constants.force
    let (sine, cosine) = trigonometry.smallSineAndCosine(angle)
    let (acceleration, angularAcceleration) = CartPole.accelerations(
      force: force, angularVelocity: angularVelocity, sine: sine, cosine: cosine)
    position += Constants.interval * velocity
    velocity += Constants.interval * acceleration
    angle += Constants.interval * angularVelocity
    angularVelocity += Constants.interval * angularAcceleration
    return GroupOutcome(
      rewards: SIMD8(repeating: 1),
      terminated: beyond(position, Constants.positionLimit) | beyond(angle, Constants.angleLimit))
  }

  /// Stores all states in single precision, four numbers per environment.
  @inline(__always)
  func storeObservations(_ observations: UnsafeMutablePointer<Float>) {
    let (x, v) = (SIMD8<Float>(position), SIMD8<Float>(velocity))
    let (a, w) = (SIMD8<Float>(angle), SIMD8<Float>(angularVelocity))
    for lane in 0..<8 {
      UnsafeMutableRawPointer(observations + 4 &* lane)
        .storeBytes(of: SIMD4(x[lane], v[lane], a[lane], w[lane]), as: SIMD4<Float>.self)
    }
  }

  /// Returns 1 for lanes with a magnitude above the limit, otherwise 0.
  @inline(__always)
  private func beyond(_ x: SIMD8<Double>, _ limit: Double) -> SIMD8<Int32> {
    (magnitude(x) .> limit).flags
  }
}
