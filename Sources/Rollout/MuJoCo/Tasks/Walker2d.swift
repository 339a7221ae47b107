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
    Runner.planar(simulation, arguments)
  }
}
