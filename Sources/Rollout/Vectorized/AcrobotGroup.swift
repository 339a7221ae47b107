/// Eight Acrobots that step together.
struct AcrobotGroup: EnvironmentGroup {
  private var motion = AcrobotMotion<SIMD8<Double>>()
  // The observed parts of the angles.
  private var shownCosine1 = SIMD8<Float>(repeating: 1)
  private var shownSine1 = SIMD8<Float>()
  private var shownCosine2 = SIMD8<Float>(repeating: 1)
  private var shownSine2 = SIMD8<Float>()

  static var isExact: Bool { VectorTrigonometry.agreesOnAllAngles }

  subscript(lane: Int) -> Acrobot {
    get {
      var links = Acrobot()
      links.motion.state.angle1 = motion.state.angle1[lane]
      links.motion.state.angle2 = motion.state.angle2[lane]
      links.motion.state.velocity1 = motion.state.velocity1[lane]
      links.motion.state.velocity2 = motion.state.velocity2[lane]
      (links.motion.cosine1, links.motion.sine1) = (motion.cosine1[lane], motion.sine1[lane])
      (links.motion.cosine2, links.motion.sine2) = (motion.cosine2[lane], motion.sine2[lane])
      links.shownCircle = SIMD4(
        shownCosine1[lane], shownSine1[lane], shownCosine2[lane], shownSine2[lane])
      return links
    }
    set {
      let (links, shown) = (newValue.motion, newValue.shownCircle)
      motion.state.angle1[lane] = links.state.angle1
      motion.state.angle2[lane] = links.state.angle2
      motion.state.velocity1[lane] = links.state.velocity1
      motion.state.velocity2[lane] = links.state.velocity2
      (motion.cosine1[lane], motion.sine1[lane]) = (links.cosine1, links.sine1)
      (motion.cosine2[lane], motion.sine2[lane]) = (links.cosine2, links.sine2)
      (shownCosine1[lane], shownSine1[lane]) = (shown.x, shown.y)
      (shownCosine2[lane], shownSine2[lane]) = (shown.z, shown.w)
    }
  }

  mutating func reset(_ lane: Int, using random: inout PCG64) {
    var links = Acrobot()
    links.reset(using: &random)
    self[lane] = links
  }

  /// Drives each joint.
  @inline(__always)
  mutating func step(
    _ actions: SIMD8<Int32>, _ trigonometry: VectorTrigonometry
  ) -> GroupOutcome {
    precondition(actions.areBelow3, "Acrobot has the actions 0, 1 and 2, not \(actions)")
    let height = motion.step(SIMD8<Double>(actions &- 1), trigonometry)
    shownCosine1 = SIMD8<Float>(motion.cosine1)
    shownSine1 = SIMD8<Float>(motion.sine1)
    shownCosine2 = SIMD8<Float>(motion.cosine2)
    shownSine2 = SIMD8<Float>(motion.sine2)
    let isHigh = height .> 1
    return GroupOutcome(
      rewards: SIMD8<Float>(isHigh.flags &- 1), terminated: isHigh.flags)
  }

  /// Stores cosines, sines and angular velocities in single precision.
  @inline(__always)
  func storeObservations(_ observations: UnsafeMutablePointer<Float>) {
    let (c1, s1, c2, s2) = (shownCosine1, shownSine1, shownCosine2, shownSine2)
    let v1 = SIMD8<Float>(motion.state.velocity1)
    let v2 = SIMD8<Float>(motion.state.velocity2)
    for lane in 0..<8 {
      let start = UnsafeMutableRawPointer(observations + 6 &* lane)
      start.storeBytes(
        of: SIMD4(c1[lane], s1[lane], c2[lane], s2[lane]), as: SIMD4<Float>.self)
      start.storeBytes(
        of: SIMD2(v1[lane], v2[lane]), toByteOffset: 16, as: SIMD2<Float>.self)
    }
  }
}
