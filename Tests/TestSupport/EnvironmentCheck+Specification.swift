import Rollout

extension EnvironmentCheck {
  /// Checks an environment that is registered for this alone.
  package func run(_ specification: EnvironmentSpecification) throws -> EnvironmentCheckReport {
    let registry = EnvironmentRegistry()
    try registry.register(specification)
    return try run(EnvironmentChoice(specification.id), in: registry)
  }
}
