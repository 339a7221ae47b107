extension MuJoCoDescription {
  /// Two poles on a cart; Gymnasium's `inverted_double_pendulum_v5.py`.
  static let invertedDoublePendulum = MuJoCoDescription(
    id: "InvertedDoublePendulum-v5", summary: "Balance a pole on a pole on a cart.",
    model: "inverted_double_pendulum.xml", frameSkip: 5, rewardThreshold: 9100,
    needs: (positions: 3, velocities: 3),
    ownParameters: [
      .weight("healthy_reward", default: 10, "Reward of each step at whose end the poles stand."),
      .noise(default: 0.1),
    ]
  ) { arguments, simulation in
    let sites = simulation.values(.sites)
    guard sites.count >= 3 else {
      throw InvalidEnvironmentArguments(
        "xml_file=\(arguments.text("xml_file").escapingControls) has no site: use a model with one "
          + "at the tip of the upper pole.")
    }
    return InvertedDoublePendulum(
      simulation: simulation, sites: sites,
      noise: ResetNoise(scale: arguments.number("reset_noise_scale"), velocities: .normal),
      reward: arguments.number("healthy_reward"))
  }
}

/// A reward for standing, minus penalties for the tip's distance and for velocities.
private struct InvertedDoublePendulum: MuJoCoTask {
  let simulation: MuJoCoSimulation
  let sites: RowValues<Double>
  let noise: ResetNoise
  let reward: Double

  var observed: [ObservedNumbers] {
    [
      ObservedNumbers(simulation.positions, 0..<1),
      ObservedNumbers(simulation.positions, from: 1, .sine),
      ObservedNumbers(simulation.positions, from: 1, .cosine),
      ObservedNumbers(simulation.velocities, .clipped(-10...10)),
      ObservedNumbers(simulation.values(.constraintForces), 0..<1, .clipped(-10...10)),
    ]
  }
  var informationNames: [String] { ["reward_survive", "distance_penalty", "velocity_penalty"] }

  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    noise.draw(simulation, using: &random)
  }

  func evaluate(_ step: MuJoCoStep) -> StepOutcome {
    // Squares of NumPy's scalars are powers, unlike those of arrays.
    let square: (Double) -> Double = NumPyPower.square
    let height = sites[2]
    let terminated = height <= 1
    let bonus = terminated ? 0 : reward
    let distance = 0.01 * square(sites[0]) + square(height - 2)
    let velocity =
      1e-3 * square(simulation.velocities[1]) + 5e-3 * square(simulation.velocities[2])
    step.information[0] = Float(bonus)
    step.information[1] = Float(-distance)
    step.information[2] = Float(-velocity)
    return StepOutcome(reward: bonus - distance - velocity, terminated: terminated)
  }
}
