extension MuJoCoDescription {
  /// Three links that swim in a plane; Gymnasium's `swimmer_v5.py`.
  static let swimmer = MuJoCoDescription(
    id: "Swimmer-v5", summary: "Swim with three links.",
    model: "swimmer.xml", frameSkip: 4, rewardThreshold: 360,
    needs: (positions: 2, velocities: 2),
    ownParameters: [
      .weight("forward_reward_weight", default: 1, "Weight of the forward velocity."),
      .weight("ctrl_cost_weight", default: 1e-4, "Weight of squared actions."),
      .noise(default: 0.1), .excludesPositions,
    ]
  ) { arguments, simulation in
    Runner(
      simulation: simulation,
      observed: Runner.state(simulation, arguments, hidden: 2, clips: false),
      noise: ResetNoise(scale: arguments.number("reset_noise_scale")),
      forwardWeight: arguments.number("forward_reward_weight"),
      controlWeight: arguments.number("ctrl_cost_weight"), runs: .positions(axes: 2))
  }
}
