extension MuJoCoDescription {
  /// A robot like a human that gets up from lying; Gymnasium's `humanoidstandup_v5.py`.
  static let humanoidStandup = MuJoCoDescription(
    id: "HumanoidStandup-v5", summary: "Get up with a robot like a human.",
    model: "humanoidstandup.xml", frameSkip: 5,
    needs: (positions: 7, velocities: 6),
    ownParameters: [
      .weight("uph_cost_weight", default: 1, "Has no effect, as in Gymnasium."),
      .weight("ctrl_cost_weight", default: 0.1, "Weight of squared controls."),
      .weight("impact_cost_weight", default: 0.5e-6, "Weight of squared contact forces."),
      .interval("impact_cost_range", default: -.infinity...10, "Bounds of the cost of impacts."),
      .noise(default: 1e-2), .excludesPositions,
    ] + HumanoidParts.parameters
  ) { arguments, simulation in
    HumanoidStandup(
      simulation: simulation, observed: HumanoidParts.observed(simulation, arguments),
      noise: ResetNoise(scale: arguments.number("reset_noise_scale")),
      forces: simulation.values(.externalForces),
      controlWeight: arguments.number("ctrl_cost_weight"),
      impactWeight: arguments.number("impact_cost_weight"),
      impactBounds: arguments.interval("impact_cost_range"))
  }
}

/// The height divided by the simulation's time step, minus the costs of control and impacts.
private struct HumanoidStandup: MuJoCoTask {
  let simulation: MuJoCoSimulation
  let observed: [ObservedNumbers]
  let noise: ResetNoise
  let forces: RowValues<Double>
  let controlWeight: Double
  let impactWeight: Double
  let impactBounds: ClosedRange<Double>

  var needsForces: Bool { true }
  var informationNames: [String] {
    [
      "x_position", "y_position", "z_distance_from_origin", "reward_linup", "reward_quadctrl",
      "reward_impact",
    ]
  }

  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    noise.draw(simulation, using: &random)
  }

  func evaluate(_ step: MuJoCoStep) -> StepOutcome {
    let positions = simulation.positions
    let height = positions[2] / simulation.timeStep
    let control = controlWeight * NumPySum.squares(simulation.controls)
    let impact = (impactWeight * NumPySum.squares(forces)).clipped(to: impactBounds)
    step.information[0] = Float(positions[0])
    step.information[1] = Float(positions[1])
    step.information[2] = Float(positions[2] - simulation.initialPositions[2])
    step.information[3] = Float(height)
    step.information[4] = Float(-control)
    step.information[5] = Float(-impact)
    return StepOutcome(reward: height - control - impact + 1)
  }
}
