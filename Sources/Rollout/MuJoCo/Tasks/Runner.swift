/// A robot that is rewarded for moving forward along x.
///
/// The reward is the forward velocity times a weight, plus a bonus while the robot is healthy,
/// minus the cost of control and that of contacts.
struct Runner: MuJoCoTask {
  /// The place that moves forward.
  enum Place {
    /// The first two positions, or the first one alone.
    case positions(axes: Int)
    /// The origin of a body.
    case body(RowValues<Double>, index: Int)
    case centerOfMass(CenterOfMass)
  }

  /// The conditions under which a robot is healthy.
  struct Health {
    let reward: Double
    /// True if an episode ends when the robot is not healthy.
    let terminates: Bool
    /// The position with the height above the ground.
    let height: Int
    let heights: ClosedRange<Double>
    /// True if heights at the bounds are healthy; all other bounds are excluded.
    var includesBounds = false
    /// The bounds of the angle that follows the height.
    var angles: ClosedRange<Double>?
    /// The bounds of all positions but the first two, and of all velocities.
    var states: ClosedRange<Double>?
    /// True if all positions and velocities have to be finite.
    var isFinite = false
  }

  /// The cost of external forces on bodies: their squares times a weight.
  struct Contacts {
    let forces: RowValues<Double>
    let weight: Double
    /// The bounds of single forces.
    var forceBounds: ClosedRange<Double>?
    /// The bounds of the cost.
    var costBounds: ClosedRange<Double>?
  }

  let simulation: MuJoCoSimulation
  let observed: [ObservedNumbers]
  let noise: ResetNoise
  let forwardWeight: Double
  let controlWeight: Double
  let runs: Place
  var health: Health?
  var contacts: Contacts?
  /// True if the cost is that of the controls in float64, and not that of the actions in float32.
  var costsControls = false
  /// True if the information has the height above the initial one.
  var tellsHeight = false

  var needsForces: Bool { contacts != nil }

  var place: SIMD2<Double> {
    switch runs {
    case .positions(let axes):
      [simulation.positions[0], axes > 1 ? simulation.positions[1] : 0]
    case .body(let origins, let index): [origins[3 * index], origins[3 * index + 1]]
    case .centerOfMass(let center): center.place
    }
  }

  private var isPlanar: Bool {
    if case .positions(axes: 1) = runs { true } else { false }
  }

  var informationNames: [String] {
    let places =
      isPlanar
      ? ["x_position"] + (tellsHeight ? ["z_distance_from_origin"] : []) + ["x_velocity"]
      : ["x_position", "y_position", "distance_from_origin", "x_velocity", "y_velocity"]
    return places + ["reward_forward", "reward_ctrl"]
      + (contacts == nil ? [] : ["reward_contact"]) + (health == nil ? [] : ["reward_survive"])
  }

  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    noise.draw(simulation, using: &random)
  }

  func evaluate(_ step: MuJoCoStep) -> StepOutcome {
    let forward = forwardWeight * step.velocity.x
    let isHealthy = health.map(isHealthy)
    let bonus = isHealthy == true ? health?.reward ?? 0 : 0
    let control =
      costsControls
      ? controlWeight * NumPySum.squares(simulation.controls)
      : Double(Float(controlWeight) * step.effort)
    let contact = contacts.map(cost) ?? 0
    tell(step, forward: forward, control: control, contact: contact, bonus: bonus)
    return StepOutcome(
      reward: (forward + bonus) - (control + contact),
      terminated: isHealthy == false && health?.terminates == true)
  }

  private func isHealthy(_ health: Health) -> Bool {
    let (positions, velocities) = (simulation.positions, simulation.velocities)
    let height = positions[health.height]
    let isUp =
      health.includesBounds
      ? health.heights.contains(height) : health.heights.surrounds(height)
    guard isUp else { return false }
    if let angles = health.angles, !angles.surrounds(positions[health.height + 1]) { return false }
    if let states = health.states {
      for index in 2..<positions.count where !states.surrounds(positions[index]) { return false }
      for index in 0..<velocities.count where !states.surrounds(velocities[index]) { return false }
    }
    if health.isFinite {
      for index in 0..<positions.count where !positions[index].isFinite { return false }
      for index in 0..<velocities.count where !velocities[index].isFinite { return false }
    }
    return true
  }

  private func cost(_ contacts: Contacts) -> Double {
    let forces = contacts.forces
    let sum =
      if let bounds = contacts.forceBounds {
        NumPySum.sum(0..<forces.count) { index in
          let force = forces[index].clipped(to: bounds)
          return force * force
        }
      } else {
        NumPySum.squares(forces)
      }
    let cost = contacts.weight * sum
    return contacts.costBounds.map { cost.clipped(to: $0) } ?? cost
  }

  private func tell(
    _ step: MuJoCoStep, forward: Double, control: Double, contact: Double, bonus: Double
  ) {
    let told = step.information
    let (x, y) = (simulation.positions[0], simulation.positions[1])
    told[0] = Float(x)
    var next = 1
    func add(_ number: Double) {
      told[next] = Float(number)
      next += 1
    }
    if isPlanar {
      if tellsHeight { add(y - simulation.initialPositions[1]) }
      add(step.velocity.x)
    } else {
      add(y)
      add((x * x + y * y).squareRoot())
      add(step.velocity.x)
      add(step.velocity.y)
    }
    add(forward)
    add(-control)
    if contacts != nil { add(-contact) }
    if health != nil { add(bonus) }
  }
}

extension Runner {
  /// Returns a robot in a plane that is healthy between bounds of its height and angle.
  ///
  /// - Parameter states: the bounds of other positions and of velocities; `nil` for none.
  static func planar(
    _ simulation: MuJoCoSimulation, _ arguments: EnvironmentArguments,
    states: ClosedRange<Double>? = nil
  ) -> Runner {
    Runner(
      simulation: simulation,
      observed: state(simulation, arguments, hidden: 1, clips: true),
      noise: ResetNoise(scale: arguments.number("reset_noise_scale")),
      forwardWeight: arguments.number("forward_reward_weight"),
      controlWeight: arguments.number("ctrl_cost_weight"), runs: .positions(axes: 1),
      health: Health(
        reward: arguments.number("healthy_reward"),
        terminates: arguments.flag("terminate_when_unhealthy"),
        height: 1, heights: arguments.interval("healthy_z_range"),
        angles: arguments.interval("healthy_angle_range"), states: states),
      tellsHeight: true)
  }

  /// Returns positions and velocities as a robot observes them.
  ///
  /// - Parameters:
  ///   - hidden: the number of positions along the ground, which the parameters may hide.
  ///   - clips: true if velocities are clipped to ±10.
  static func state(
    _ simulation: MuJoCoSimulation, _ arguments: EnvironmentArguments, hidden: Int, clips: Bool
  ) -> [ObservedNumbers] {
    let isHidden = arguments.flag(EnvironmentParameter.excludesPositions.name)
    return [
      ObservedNumbers(simulation.positions, from: isHidden ? hidden : 0),
      ObservedNumbers(simulation.velocities, clips ? .clipped(-10...10) : .identity),
    ]
  }
}

/// The center of mass of all bodies.
///
/// The numerator is a plain sum over bodies, and the denominator is in NumPy's order.
struct CenterOfMass {
  private let centers: RowValues<Double>
  private let masses: [Double]
  private let total: Double

  /// Reads the masses, which are the last of the ten numbers of each body's inertia.
  init(_ simulation: MuJoCoSimulation) {
    centers = simulation.values(.bodyCenters)
    let inertias = simulation.values(.inertias)
    let masses = stride(from: 9, to: inertias.count, by: 10).map { inertias[$0] }
    self.masses = masses
    total = NumPySum.sum(masses.indices) { masses[$0] }
  }

  var place: SIMD2<Double> {
    var sum = SIMD2<Double>.zero
    for index in masses.indices {
      sum += masses[index] * SIMD2(centers[3 * index], centers[3 * index + 1])
    }
    return sum / total
  }
}

extension ClosedRange<Double> {
  /// Returns true for a number between the bounds, without the bounds themselves.
  fileprivate func surrounds(_ number: Double) -> Bool {
    lowerBound < number && number < upperBound
  }
}
