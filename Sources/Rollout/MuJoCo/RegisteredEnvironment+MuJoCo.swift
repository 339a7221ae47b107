extension RegisteredEnvironment {
  /// The prefix of the ids of MuJoCo's environments.
  static let mujocoPrefix = "mujoco:"

  /// Describes a task that MuJoCo simulates in this process; nil for another environment.
  ///
  /// - Throws: `UnknownEnvironment` for the name of no task.
  init?(mujoco configuration: EnvironmentConfiguration) throws(UnknownEnvironment) {
    guard let name = configuration.mujocoName else { return nil }
    let known = MuJoCoDescription.all.first { $0.id == name }
    guard let task = known ?? MuJoCoDescription(file: name) else {
      throw UnknownEnvironment(id: configuration.id, known: MuJoCoDescription.ids)
    }
    @Sendable func model(_ arguments: EnvironmentArguments) throws -> MuJoCoModel {
      let files = try configuration.mujoco ?? MuJoCoLocation.find(configuration.python)
      let file = try files.model(arguments.text("xml_file"))
      return try MuJoCoModel(MuJoCoLibrary.open(files.library), file: file)
    }
    self.init(
      id: configuration.id, summary: task.summary, maximumEpisodeSteps: task.maximumEpisodeSteps,
      rewardThreshold: task.rewardThreshold, parameters: task.parameters,
      spaces: { try task.environment($0, model($0)).spaces },
      makeBatch: { arguments, streams, marker in
        marker.position.mark(.making, environment: 0)
        let model = try model(arguments)
        return try MuJoCoBatch(streams: streams, marker: marker) {
          try task.environment(arguments, model)
        }
      })
  }
}

extension EnvironmentConfiguration {
  /// The name of MuJoCo's task or of a model's file; nil for another environment.
  ///
  /// A task needs no prefix, unless an environment is registered under its name.
  var mujocoName: String? {
    let prefix = RegisteredEnvironment.mujocoPrefix
    if id.hasPrefix(prefix) { return String(id.dropFirst(prefix.count)) }
    let isTask = MuJoCoDescription.all.contains { $0.id == id }
    return isTask && !EnvironmentRegistry.shared.ids.contains(id) ? id : nil
  }
}

extension MuJoCoDescription {
  /// The complete ids of all tasks.
  static let ids = all.map { RegisteredEnvironment.mujocoPrefix + $0.id }

  /// Makes an environment with a simulation of its own.
  ///
  /// - Throws: `InvalidEnvironmentArguments` if the model does not suit the task,
  ///   `GymnasiumError`.
  fileprivate func environment(
    _ arguments: EnvironmentArguments, _ model: MuJoCoModel
  ) throws -> MuJoCoEnvironment {
    let simulation = try MuJoCoSimulation(model)
    let (positions, velocities) = (simulation.positions.count, simulation.velocities.count)
    let controls = simulation.controls.count
    guard positions >= needs.positions, velocities >= needs.velocities, controls > 0 else {
      throw InvalidEnvironmentArguments(
        """
        xml_file=\(arguments.text("xml_file").escapingControls) has \(positions) positions, \
        \(velocities) velocities and \(controls) controls: \(id) needs at least \
        \(needs.positions), \(needs.velocities) and 1.
        """)
    }
    return MuJoCoEnvironment(
      try make(arguments, simulation), simulation, frameSkip: arguments.integer("frame_skip"))
  }
}
