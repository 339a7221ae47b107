extension MuJoCoDescription {
  /// A planar robot with six joints that runs; Gymnasium's `half_cheetah_v5.py`.
  static let halfCheetah = MuJoCoDescription(
    id: "HalfCheetah-v5", summary: "Run with a planar robot of two legs.",
    model: "half_cheetah.xml", frameSkip: 5, rewardThreshold: 4800,
    needs: (positions: 2, velocities: 2),
    ownParameters: [
      .weight("forward_reward_weight", default: 1, "Weight of the forward velocity."),
      .weight("ctrl_cost_weight", default: 0.1, "Weight of squared actions."),
      .noise(default: 0.1), .excludesPositions,
    ]
  ) { arguments, simulation in
    Runner(
      simulation: simulation,
      observed: Runner.state(simulation, arguments, hidden: 1, clips: false),
      noise: ResetNoise(scale: arguments.number("reset_noise_scale"), velocities: .normal),
      forwardWeight: arguments.number("forward_reward_weight"),
      controlWeight: arguments.number("ctrl_cost_weight"), runs: .positions(axes: 1))
  }
}
