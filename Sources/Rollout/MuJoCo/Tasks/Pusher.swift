extension MuJoCoDescription {
  /// An arm that pushes an object to a goal; Gymnasium's `pusher_v5.py`.
  static let pusher = MuJoCoDescription(
    id: "Pusher-v5", summary: "Push an object to a goal with an arm.",
    model: "pusher_v5.xml", frameSkip: 5, maximumEpisodeSteps: 100, rewardThreshold: 0,
    needs: (positions: 11, velocities: 11),
    ownParameters: [
      .weight("reward_near_weight", default: 0.5, "Weight of the arm's distance to the object."),
      .weight("reward_dist_weight", default: 1, "Weight of the object's distance to the goal."),
      .weight("reward_control_weight", default: 0.1, "Weight of squared actions."),
    ]
  ) { arguments, simulation in
    let origins = simulation.values(.bodyOrigins)
    let bodies = try ["tips_arm", "object", "goal"].map { name throws in
      let index = try simulation.model.body(name, of: "the body")
      return ObservedNumbers(origins, 3 * index..<3 * index + 3)
    }
    return Pusher(
      simulation: simulation, bodies: bodies,
      tipToObject: try BodyDifference(simulation, from: "tips_arm", to: "object"),
      goalToObject: try BodyDifference(simulation, from: "goal", to: "object"),
      nearWeight: arguments.number("reward_near_weight"),
      distanceWeight: arguments.number("reward_dist_weight"),
      controlWeight: arguments.number("reward_control_weight"))
  }
}

/// Minus the distances of the object to the goal and of the arm to the object, minus the cost of
/// control.
private struct Pusher: MuJoCoTask {
  let simulation: MuJoCoSimulation
  let bodies: [ObservedNumbers]
  let tipToObject: BodyDifference
  let goalToObject: BodyDifference
  let nearWeight: Double
  let distanceWeight: Double
  let controlWeight: Double

  var observed: [ObservedNumbers] {
    [
      ObservedNumbers(simulation.positions, 0..<7), ObservedNumbers(simulation.velocities, 0..<7),
    ] + bodies
  }
  var informationNames: [String] { ["reward_dist", "reward_ctrl", "reward_near"] }

  /// Draws a place of the object away from the goal, and the velocities of the arm.
  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    let (positions, velocities) = (simulation.positions, simulation.velocities)
    var place: SIMD2<Double>
    repeat {
      place = [random.uniform(-0.3, 0), random.uniform(-0.2, 0.2)]
    } while (place.x * place.x + place.y * place.y).squareRoot() <= 0.17
    for index in simulation.initialPositions.indices {
      positions[index] = simulation.initialPositions[index]
    }
    positions[positions.count - 4] = place.x
    positions[positions.count - 3] = place.y
    positions[positions.count - 2] = 0
    positions[positions.count - 1] = 0
    for index in 0..<velocities.count {
      let velocity = random.uniform(-0.005, 0.005)
      velocities[index] = index < velocities.count - 4 ? velocity : 0
    }
  }

  func update() {
    tipToObject.update()
    goalToObject.update()
  }

  func evaluate(_ step: MuJoCoStep) -> StepOutcome {
    let near = -tipToObject.length * nearWeight
    let distance = -goalToObject.length * distanceWeight
    let control = -step.effort * Float(controlWeight)
    step.information[0] = Float(distance)
    step.information[1] = control
    step.information[2] = Float(near)
    return StepOutcome(reward: distance + Double(control) + near)
  }
}
