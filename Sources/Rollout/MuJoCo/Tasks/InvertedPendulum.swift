extension MuJoCoDescription {
  /// A pole on a cart; Gymnasium's `inverted_pendulum_v5.py`.
  static let invertedPendulum = MuJoCoDescription(
    id: "InvertedPendulum-v5", summary: "Balance a pole on a cart.",
    model: "inverted_pendulum.xml", frameSkip: 2, rewardThreshold: 950,
    needs: (positions: 2, velocities: 2),
    ownParameters: [.noise(default: 0.01)]
  ) { arguments, simulation in
    InvertedPendulum(
      simulation: simulation, noise: ResetNoise(scale: arguments.number("reset_noise_scale")))
  }
}

/// A reward of 1 for each step at whose end the pole stands.
private struct InvertedPendulum: MuJoCoTask {
  let simulation: MuJoCoSimulation
  let noise: ResetNoise

  var observed: [ObservedNumbers] {
    [ObservedNumbers(simulation.positions), ObservedNumbers(simulation.velocities)]
  }
  var informationNames: [String] { ["reward_survive"] }

  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    noise.draw(simulation, using: &random)
  }

  func evaluate(_ step: MuJoCoStep) -> StepOutcome {
    let (positions, velocities) = (simulation.positions, simulation.velocities)
    var stands = positions[1].magnitude <= 0.2
    for index in 0..<positions.count where !positions[index].isFinite { stands = false }
    for index in 0..<velocities.count where !velocities[index].isFinite { stands = false }
    step.information[0] = stands ? 1 : 0
    return StepOutcome(reward: stands ? 1 : 0, terminated: !stands)
  }
}
