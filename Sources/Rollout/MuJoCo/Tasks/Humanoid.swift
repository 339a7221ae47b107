extension MuJoCoDescription {
  /// A robot like a human that walks; Gymnasium's `humanoid_v5.py`.
  static let humanoid = MuJoCoDescription(
    id: "Humanoid-v5", summary: "Walk with a robot like a human.",
    model: "humanoid.xml", frameSkip: 5,
    needs: (positions: 7, velocities: 6),
    ownParameters: [
      .weight("forward_reward_weight", default: 1.25, "Weight of the forward velocity."),
      .weight("ctrl_cost_weight", default: 0.1, "Weight of squared controls."),
      .weight("contact_cost_weight", default: 5e-7, "Weight of squared contact forces."),
      .interval("contact_cost_range", default: -.infinity...10, "Bounds of the cost of contacts."),
      .weight("healthy_reward", default: 5, "Reward of each healthy step."),
      .terminates,
      .interval("healthy_z_range", default: 1...2, "Healthy range of the height."),
      .noise(default: 1e-2), .excludesPositions,
    ] + HumanoidParts.parameters
  ) { arguments, simulation in
    Runner(
      simulation: simulation, observed: HumanoidParts.observed(simulation, arguments),
      noise: ResetNoise(scale: arguments.number("reset_noise_scale")),
      forwardWeight: arguments.number("forward_reward_weight"),
      controlWeight: arguments.number("ctrl_cost_weight"),
      runs: .centerOfMass(CenterOfMass(simulation)),
      health: Runner.Health(
        reward: arguments.number("healthy_reward"),
        terminates: arguments.flag("terminate_when_unhealthy"),
        height: 2, heights: arguments.interval("healthy_z_range")),
      contacts: Runner.Contacts(
        forces: simulation.values(.externalForces),
        weight: arguments.number("contact_cost_weight"),
        costBounds: arguments.interval("contact_cost_range")),
      costsControls: true)
  }
}

/// The observations of both humanoid tasks.
enum HumanoidParts {
  private static let parts: [(name: String, array: MuJoCoArray, start: Int)] = [
    // Without those of the world, the first body, and of the six degrees of freedom of the root.
    ("cinert", .inertias, 10), ("cvel", .bodyVelocities, 6),
    ("qfrc_actuator", .actuatorForces, 6), ("cfrc_ext", .externalForces, 6),
  ]

  /// The parameters that select parts.
  static let parameters: [EnvironmentParameter] = parts.map { part in
    .flag("include_\(part.name)_in_observation", default: true, "Observe \(part.name).")
  }

  /// Returns the selected parts.
  static func observed(
    _ simulation: MuJoCoSimulation, _ arguments: EnvironmentArguments
  ) -> [ObservedNumbers] {
    Runner.state(simulation, arguments, hidden: 2, clips: false)
      + parts.filter { arguments.flag("include_\($0.name)_in_observation") }
      .map { ObservedNumbers(simulation.values($0.array), from: $0.start) }
  }
}
