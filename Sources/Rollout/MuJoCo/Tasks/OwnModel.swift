extension MuJoCoDescription {
  /// Describes a task with a model of the user's; nil if the name is no XML file.
  ///
  /// The reward has a few terms, which parameters weigh.
  init?(file: String) {
    guard file.hasSuffix(".xml") else { return nil }
    self.init(
      id: file, summary: "A model of your own.",
      // A relative path is not a name among Gymnasium's models.
      model: file.hasPrefix("/") || file.hasPrefix("~") || file.hasPrefix(".") ? file : "./\(file)",
      frameSkip: 5, needs: (positions: 1, velocities: 1),
      ownParameters: [
        .mainBody,
        .weight("forward_reward_weight", default: 1, "Weight of the velocity along x."),
        .weight("ctrl_cost_weight", default: 0.1, "Weight of squared actions."),
        .text("target_body", default: "", "Body to approach: its name, or its number."),
        .weight("distance_cost_weight", default: 1, "Weight of the distance to that body."),
        .weight("healthy_reward", default: 0, "Reward of each healthy step."),
        .terminates,
        .interval(
          "healthy_z_range", default: -.infinity...(.infinity), "Healthy range of the height."),
        .noise(default: 0.01),
        .integer(
          "skipped_positions", default: 0, in: 0...1000, "First positions that are not observed."),
      ]
    ) { arguments, simulation in
      let body = try simulation.model.body(arguments.text("main_body"), of: "main_body")
      let target = arguments.text("target_body")
      return OwnModel(
        simulation: simulation, origins: simulation.values(.bodyOrigins), body: body,
        target: target.isEmpty ? nil : try simulation.model.body(target, of: "target_body"),
        skippedPositions: arguments.integer("skipped_positions"),
        noise: ResetNoise(scale: arguments.number("reset_noise_scale")),
        forwardWeight: arguments.number("forward_reward_weight"),
        controlWeight: arguments.number("ctrl_cost_weight"),
        distanceWeight: arguments.number("distance_cost_weight"),
        bonus: arguments.number("healthy_reward"),
        terminates: arguments.flag("terminate_when_unhealthy"),
        heights: arguments.interval("healthy_z_range"))
    }
  }
}

/// Forward velocity and a bonus for being healthy, minus control and the distance to a target.
private struct OwnModel: MuJoCoTask {
  let simulation: MuJoCoSimulation
  let origins: RowValues<Double>
  let body: Int
  let target: Int?
  let skippedPositions: Int
  let noise: ResetNoise
  let forwardWeight: Double
  let controlWeight: Double
  let distanceWeight: Double
  let bonus: Double
  let terminates: Bool
  let heights: ClosedRange<Double>

  var observed: [ObservedNumbers] {
    [
      ObservedNumbers(simulation.positions, from: skippedPositions),
      ObservedNumbers(simulation.velocities),
    ]
  }
  var informationNames: [String] {
    [
      "x_position", "y_position", "x_velocity", "y_velocity", "reward_forward", "reward_ctrl",
      "reward_dist", "reward_survive",
    ]
  }
  var place: SIMD2<Double> { [origins[3 * body], origins[3 * body + 1]] }

  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    noise.draw(simulation, using: &random)
  }

  func evaluate(_ step: MuJoCoStep) -> StepOutcome {
    let isHealthy = heights.contains(origins[3 * body + 2])
    let forward = forwardWeight * step.velocity.x
    let control = controlWeight * Double(step.effort)
    let survival = isHealthy ? bonus : 0
    let distance = distanceWeight * distanceToTarget
    step.information[0] = Float(origins[3 * body])
    step.information[1] = Float(origins[3 * body + 1])
    step.information[2] = Float(step.velocity.x)
    step.information[3] = Float(step.velocity.y)
    step.information[4] = Float(forward)
    step.information[5] = Float(-control)
    step.information[6] = Float(-distance)
    step.information[7] = Float(survival)
    return StepOutcome(
      reward: forward + survival - control - distance, terminated: !isHealthy && terminates)
  }

  private var distanceToTarget: Double {
    guard let target else { return 0 }
    var sum = 0.0
    for axis in 0..<3 {
      let difference = origins[3 * body + axis] - origins[3 * target + axis]
      sum += difference * difference
    }
    return sum.squareRoot()
  }
}
