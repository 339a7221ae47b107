extension MuJoCoDescription {
  /// A planar robot with one leg; Gymnasium's `hopper_v5.py`.
  static let hopper = MuJoCoDescription(
    id: "Hopper-v5", summary: "Hop with a planar robot of one leg.",
    model: "hopper.xml", frameSkip: 4, rewardThreshold: 3800,
    needs: (positions: 3, velocities: 3),
    ownParameters: [
      .weight("forward_reward_weight", default: 1, "Weight of the forward velocity."),
      .weight("ctrl_cost_weight", default: 1e-3, "Weight of squared actions."),
      .weight("healthy_reward", default: 1, "Reward of each healthy step."),
      .terminates,
      .interval(
        "healthy_state_range", default: -100...100, "Healthy range of other positions and speeds."),
      .interval("healthy_z_range", default: 0.7...(.infinity), "Healthy range of the height."),
      .interval("healthy_angle_range", default: -0.2...0.2, "Healthy range of the torso's angle."),
      .noise(default: 5e-3), .excludesPositions,
    ]
  ) { arguments, simulation in
    Runner.planar(
      simulation, arguments, states: arguments.interval("healthy_state_range"))
  }
}
