import Rollout

extension EnvironmentCheck {
  /// Checks an environment in a registry of its own.
  package func run(_ specification: EnvironmentSpecification) throws -> EnvironmentCheckReport {
    let registry = EnvironmentRegistry()
    try registry.register(specification)
    return try run(EnvironmentChoice(specification.id), in: registry)
  }
}
