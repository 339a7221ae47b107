import Rollout

extension EnvironmentCheck {
  /// Checks an environment in a registry of its own.
  package func run(_ environment: RegisteredEnvironment) throws -> EnvironmentCheckReport {
    let registry = EnvironmentRegistry()
    try registry.register(environment)
    return try run(EnvironmentConfiguration(environment.id), in: registry)
  }
}
