extension MuJoCoDescription {
  /// An arm of two links that reaches a target; Gymnasium's `reacher_v5.py`.
  static let reacher = MuJoCoDescription(
    id: "Reacher-v5", summary: "Reach a target with an arm of two links.",
    model: "reacher.xml", frameSkip: 2, maximumEpisodeSteps: 50, rewardThreshold: -3.75,
    needs: (positions: 4, velocities: 4),
    ownParameters: [
      .weight("reward_dist_weight", default: 1, "Weight of the distance to the target."),
      .weight("reward_control_weight", default: 1, "Weight of squared actions."),
    ]
  ) { arguments, simulation in
    Reacher(
      simulation: simulation,
      difference: try BodyDifference(simulation, from: "target", to: "fingertip"),
      distanceWeight: arguments.number("reward_dist_weight"),
      controlWeight: arguments.number("reward_control_weight"))
  }
}

/// Minus the distance of the fingertip to the target, minus the cost of control.
private struct Reacher: MuJoCoTask {
  let simulation: MuJoCoSimulation
  let difference: BodyDifference
  let distanceWeight: Double
  let controlWeight: Double

  var observed: [ObservedNumbers] {
    let (positions, velocities) = (simulation.positions, simulation.velocities)
    return [
      ObservedNumbers(positions, 0..<2, .cosine), ObservedNumbers(positions, 0..<2, .sine),
      ObservedNumbers(positions, from: 2), ObservedNumbers(velocities, 0..<2),
      ObservedNumbers(RowValues(difference.vector), 0..<2),
    ]
  }
  var informationNames: [String] { ["reward_dist", "reward_ctrl"] }

  /// Draws the arm, then a target within the reach, then the arm's velocities.
  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    ResetNoise(scale: 0.1).drawPositions(simulation, using: &random)
    let (positions, velocities) = (simulation.positions, simulation.velocities)
    var target: SIMD2<Double>
    repeat {
      target = [random.uniform(-0.2, 0.2), random.uniform(-0.2, 0.2)]
    } while (target.x * target.x + target.y * target.y).squareRoot() >= 0.2
    positions[positions.count - 2] = target.x
    positions[positions.count - 1] = target.y
    for index in 0..<velocities.count {
      let velocity = random.uniform(-0.005, 0.005)
      velocities[index] = index < velocities.count - 2 ? velocity : 0
    }
  }

  func update() { difference.update() }

  func evaluate(_ step: MuJoCoStep) -> StepOutcome {
    let distance = -difference.length * distanceWeight
    let control = -step.effort * Float(controlWeight)
    step.information[0] = Float(distance)
    step.information[1] = control
    return StepOutcome(reward: distance + Double(control))
  }
}

/// The vector from one body to another.
struct BodyDifference {
  /// x, y and z at the last update.
  let vector = FlatVector<Double>(repeating: 0, count: 3)
  private let origins: RowValues<Double>
  private let (start, end): (Int, Int)

  /// Finds both bodies.
  ///
  /// - Throws: `InvalidEnvironmentArguments` if the model has no such bodies.
  init(
    _ simulation: MuJoCoSimulation, from start: String, to end: String
  ) throws(InvalidEnvironmentArguments) {
    origins = simulation.values(.bodyOrigins)
    self.start = try simulation.model.body(start, of: "the body")
    self.end = try simulation.model.body(end, of: "the body")
  }

  func update() {
    for axis in 0..<3 { vector[axis] = origins[3 * end + axis] - origins[3 * start + axis] }
  }

  /// The distance at the last update.
  var length: Double {
    (vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]).squareRoot()
  }
}
