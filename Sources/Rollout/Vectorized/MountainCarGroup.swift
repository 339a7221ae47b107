/// Eight MountainCars that step together.
struct MountainCarGroup: EnvironmentGroup {
  private var position = SIMD8<Double>()
  private var velocity = SIMD8<Double>()

  static var isExact: Bool { VectorTrigonometry.agreesOnAllAngles }

  subscript(lane: Int) -> MountainCar {
    get {
      var car = MountainCar()
      car.state = SIMD2(position[lane], velocity[lane])
      return car
    }
    set { (position[lane], velocity[lane]) = (newValue.state.x, newValue.state.y) }
  }

  mutating func reset(_ lane: Int, using random: inout PCG64) {
    var car = MountainCar()
    car.reset(using: &random)
    self[lane] = car
  }

  /// Pushes each car.
  @inline(__always)
  mutating func step(
    _ actions: SIMD8<Int32>, _ trigonometry: VectorTrigonometry
  ) -> GroupOutcome {
    precondition(actions.areBelow3, "MountainCar has the actions 0, 1 and 2, not \(actions)")
    let push = SIMD8<Double>(actions &- 1) * 0.001
    velocity += push + trigonometry.cosine(3 * position) * -0.0025
    velocity = velocity.bounded(MountainCarTrack.maximumSpeed)
    position += velocity
    let (left, right) = (MountainCarTrack.leftEnd, MountainCarTrack.rightEnd)
    position = position.replacing(with: right, where: position .> right)
      .replacing(with: left, where: position .< left)
    velocity = velocity.replacing(with: 0, where: (position .== left) .& (velocity .< 0))
    let arrived = (position .>= 0.5) .& (velocity .>= 0)
    return GroupOutcome(rewards: SIMD8(repeating: -1), terminated: arrived.flags)
  }

  /// Stores all states in single precision, two numbers per environment.
  @inline(__always)
  func storeObservations(_ observations: UnsafeMutablePointer<Float>) {
    storePairs(SIMD8<Float>(position), SIMD8<Float>(velocity), in: observations)
  }
}

/// Eight MountainCarContinuous that step together.
struct MountainCarContinuousGroup: EnvironmentGroup {
  private var position = SIMD8<Float>()
  private var velocity = SIMD8<Float>()
  /// The positions in double precision, for the first step of an episode.
  private var start = SIMD8<Double>()
  /// 1 before an episode's first step, otherwise 0.
  private var freshness = SIMD8<Double>(repeating: 1)

  static var isExact: Bool { VectorTrigonometry.agreesOnAllAngles }

  subscript(lane: Int) -> MountainCarContinuous {
    get {
      var car = MountainCarContinuous()
      car.isFresh = freshness[lane] > 0
      car.state = SIMD2(car.isFresh ? start[lane] : Double(position[lane]), Double(velocity[lane]))
      return car
    }
    set {
      let state = newValue.state
      (position[lane], velocity[lane]) = (Float(state.x), Float(state.y))
      (start[lane], freshness[lane]) = (state.x, newValue.isFresh ? 1 : 0)
    }
  }

  mutating func reset(_ lane: Int, using random: inout PCG64) {
    var car = MountainCarContinuous()
    car.reset(using: &random)
    self[lane] = car
  }

  /// Pushes each car with a force within ±1; the precision of each operation is the single car's.
  @inline(__always)
  mutating func step(
    _ actions: SIMD8<Float>, _ trigonometry: VectorTrigonometry
  ) -> GroupOutcome {
    let asked = SIMD8<Double>(actions)
    // The registry clips forces.
    let isRare = (freshness .> 0) .| (magnitude(asked) .> 1)
    guard isRare.bytes == 0 else { return pushSingly(actions) }
    let slope = 0.0025 * trigonometry.cosine(SIMD8<Double>(3 * position))
    let speed = Float(MountainCarTrack.maximumSpeed)
    let (left, right) = (Float(MountainCarTrack.leftEnd), Float(MountainCarTrack.rightEnd))
    var (x, v) = (position, velocity)
    v += actions * Float(MountainCarContinuous.Constants.power) - SIMD8<Float>(slope)
    v = v.replacing(with: speed, where: v .> speed).replacing(with: -speed, where: v .< -speed)
    x += v
    x = x.replacing(with: right, where: x .> right).replacing(with: left, where: x .< left)
    v.replace(with: 0, where: (x .== left) .& (v .< 0))
    (position, velocity) = (x, v)
    let arrived = SIMD8<Int32>.zero.replacing(
      with: 1, where: (x .>= MountainCarContinuous.goal) .& (v .>= 0))
    return GroupOutcome(
      rewards: SIMD8<Float>(SIMD8<Double>(arrived) * 100 - asked * asked * 0.1),
      terminated: arrived)
  }

  /// Pushes one car after the other.
  @inline(never)
  private mutating func pushSingly(_ actions: SIMD8<Float>) -> GroupOutcome {
    var outcome = GroupOutcome(rewards: .zero, terminated: .zero)
    for lane in 0..<8 {
      var car = self[lane]
      let pushed = car.push(actions[lane])
      self[lane] = car
      outcome.rewards[lane] = Float(pushed.reward)
      outcome.terminated[lane] = pushed.terminated ? 1 : 0
    }
    return outcome
  }

  /// Stores all states in single precision, two numbers per environment.
  @inline(__always)
  func storeObservations(_ observations: UnsafeMutablePointer<Float>) {
    storePairs(position, velocity, in: observations)
  }
}

extension EnvironmentGroup {
  /// Stores two numbers per environment, one environment after the other.
  @inline(__always)
  fileprivate func storePairs(
    _ first: SIMD8<Float>, _ second: SIMD8<Float>, in observations: UnsafeMutablePointer<Float>
  ) {
    var pairs = SIMD16<Float>()
    (pairs.evenHalf, pairs.oddHalf) = (first, second)
    UnsafeMutableRawPointer(observations).storeBytes(of: pairs, as: SIMD16<Float>.self)
  }
}
