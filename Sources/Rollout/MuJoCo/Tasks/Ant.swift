extension MuJoCoDescription {
  /// A robot with four legs; Gymnasium's `ant_v5.py`.
  static let ant = MuJoCoDescription(
    id: "Ant-v5", summary: "Walk with a robot of four legs.",
    model: "ant.xml", frameSkip: 5, rewardThreshold: 6000,
    needs: (positions: 7, velocities: 6),
    ownParameters: [
      .weight("forward_reward_weight", default: 1, "Weight of the forward velocity."),
      .weight("ctrl_cost_weight", default: 0.5, "Weight of squared actions."),
      .weight("contact_cost_weight", default: 5e-4, "Weight of squared contact forces."),
      .weight("healthy_reward", default: 1, "Reward of each healthy step."),
      .mainBody,
      .terminates,
      .interval("healthy_z_range", default: 0.2...1, "Healthy range of the height."),
      .interval("contact_force_range", default: -1...1, "Bounds of contact forces."),
      .noise(default: 0.1), .excludesPositions,
      .flag("include_cfrc_ext_in_observation", default: true, "Observe contact forces."),
    ]
  ) { arguments, simulation in
    let forces = simulation.values(.externalForces)
    let bounds = arguments.interval("contact_force_range")
    var observed = Runner.state(simulation, arguments, hidden: 2, clips: false)
    if arguments.flag("include_cfrc_ext_in_observation") {
      // Without those of the world, the first body.
      observed.append(ObservedNumbers(forces, from: 6, .clipped(bounds)))
    }
    return Runner(
      simulation: simulation, observed: observed,
      noise: ResetNoise(scale: arguments.number("reset_noise_scale"), velocities: .normal),
      forwardWeight: arguments.number("forward_reward_weight"),
      controlWeight: arguments.number("ctrl_cost_weight"),
      runs: .body(
        simulation.values(.bodyOrigins),
        index: try simulation.model.body(arguments.text("main_body"), of: "main_body")),
      health: Runner.Health(
        reward: arguments.number("healthy_reward"),
        terminates: arguments.flag("terminate_when_unhealthy"),
        height: 2, heights: arguments.interval("healthy_z_range"), includesBounds: true,
        isFinite: true),
      contacts: Runner.Contacts(
        forces: forces, weight: arguments.number("contact_cost_weight"), forceBounds: bounds))
  }
}

extension EnvironmentParameter {
  /// The body whose place has the forward velocity.
  static let mainBody = EnvironmentParameter.text(
    "main_body", default: "1", "Body that moves forward: its name, or its number.")
}

extension MuJoCoModel {
  /// Returns the index of a body that a parameter names, by its name or its number.
  ///
  /// - Throws: `InvalidEnvironmentArguments` if the model has no such body.
  func body(_ name: String, of parameter: String) throws(InvalidEnvironmentArguments) -> Int {
    if let index = Int(name), (0..<bodyCount).contains(index) { return index }
    if let index = body(named: name) { return index }
    throw InvalidEnvironmentArguments(
      "\(parameter)=\(name) is no body of the model: use a name or a number below \(bodyCount).")
  }
}
