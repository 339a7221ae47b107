/// The noise on positions and velocities at the beginning of an episode, in NumPy's order of draws.
struct ResetNoise {
  enum Velocities { case uniform, normal }

  let scale: Double
  var velocities = Velocities.uniform

  /// Draws all positions, and then all velocities, which are 0 in the initial state.
  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    drawPositions(simulation, using: &random)
    let velocities = simulation.velocities
    for index in 0..<velocities.count {
      switch self.velocities {
      case .uniform: velocities[index] = random.uniform(-scale, scale)
      case .normal: velocities[index] = scale * random.numpyStandardNormal()
      }
    }
  }

  /// Draws all positions.
  func drawPositions(_ simulation: MuJoCoSimulation, using random: inout PCG64) {
    for index in simulation.initialPositions.indices {
      simulation.positions[index] =
        simulation.initialPositions[index] + random.uniform(-scale, scale)
    }
  }
}
