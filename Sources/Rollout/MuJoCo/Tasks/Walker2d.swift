extension MuJoCoDescription {
  /// A planar robot with two legs; Gymnasium's `walker2d_v5.py`.
  static let walker2d = MuJoCoDescription(
    id: "Walker2d-v5", summary: "Walk with a planar robot of two legs.",
    model: "walker2d_v5.xml", frameSkip: 4,
    needs: (positions: 3, velocities: 3),
    ownParameters: [
      .weight("forward_reward_weight", default: 1, "Weight of the forward velocity."),
      .weight("ctrl_cost_weight", default: 1e-3, "Weight of squared actions."),
      .weight("healthy_reward", default: 1, "Reward of each healthy step."),
      .terminates,
      .interval("healthy_z_range", default: 0.8...2, "Healthy range of the height."),
      .interval("healthy_angle_range", default: -1...1, "Healthy range of the torso's angle."),
      .noise(default: 5e-3), .excludesPositions,
    ]
  ) { arguments, simulation in
    Runner(
      simulation: simulation,
      observed: Runner.state(simulation, arguments, hidden: 1, clips: true),
      noise: ResetNoise(scale: arguments.number("reset_noise_scale")),
      forwardWeight: arguments.number("forward_reward_weight"),
      controlWeight: arguments.number("ctrl_cost_weight"), runs: .positions(axes: 1),
      health: Runner.Health(
        reward: arguments.number("healthy_reward"),
        terminates: arguments.flag("terminate_when_unhealthy"),
        height: 1, heights: arguments.interval("healthy_z_range"),
        angles: arguments.interval("healthy_angle_range")),
      tellsHeight: true)
  }
}
