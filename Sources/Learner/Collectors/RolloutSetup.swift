import Actor
import Rollout

/// What is collected, with which policy and weights: what every collector is made from.
///
///     let setup = try RolloutSetup(
///       environment: "CartPole-v1", policy: NetworkPolicy(), environmentCount: 8, stepCount: 25, seed: 1)
///     let rollout = try MultiWorker(setup, actorCount: 16, bufferCount: 24, fragmentsPerBatch: 2)
public struct RolloutSetup {
  /// What is played; its wrappers are such as a command line can name.
  public let environment: EnvironmentChoice
  /// Who plays.
  public let policy: any Policy
  /// B, the environments that a worker steps side by side.
  public let environmentCount: Int
  /// T, the steps of a fragment.
  public let stepCount: Int
  /// Whether an environment whose episode ended waits until the fragment ends.
  public let sticky: Bool
  /// The root of every random stream.
  public let seed: UInt64
  /// True to warn of an environment that does not repeat itself.
  package var checksRepetition = false

  /// The fragments.
  public let layout: FragmentLayout
  /// The policy's parameters.
  public let parameters: ParameterLayout
  /// The weights, which the collector publishes on each turn; initialised from the seed.
  public let weights: FlatVector<Float>

  /// Works out what is recorded, and draws first weights.
  ///
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`, `PolicyError`, or what making an
  ///   environment throws.
  public init(
    environment: EnvironmentChoice, policy: any Policy, environmentCount: Int, stepCount: Int,
    sticky: Bool = false, seed: UInt64
  ) throws {
    try self.init(
      environment: environment, policy: policy, environmentCount: environmentCount,
      stepCount: stepCount, sticky: sticky, seed: seed, checking: { _ in })
  }

  /// Works out what is recorded, and draws first weights if the parameters pass a check.
  init(
    environment: EnvironmentChoice, policy: any Policy, environmentCount: Int, stepCount: Int,
    sticky: Bool, seed: UInt64, checking check: (ParameterLayout) throws -> Void
  ) throws {
    try environment.validate()
    self.environment = environment
    self.policy = policy
    self.environmentCount = environmentCount
    self.stepCount = stepCount
    self.sticky = sticky
    self.seed = seed
    let spaces = try environment.spaces()
    let signature = try PolicySignature(policy, for: spaces)
    try check(signature.parameters)
    var contents = signature.contents(spaces)
    contents.mayWait = sticky
    layout = FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount, contents: contents)
    parameters = signature.parameters
    weights = FlatVector(repeating: 0, count: parameters.elementCount)
    var random = RandomStreams.initialisation(seed: seed)
    parameters.initialise(weights, using: &random)
  }

  /// What workers are told.
  func description(_ schedule: CollectSchedule) -> RunDescription {
    var description = RunDescription(
      environment: environment, environmentCount: environmentCount, stepCount: stepCount,
      sticky: sticky, policy: PolicyRegistry.encode(policy), seed: seed, schedule: schedule)
    description.spaces = DeclaredSpaces(layout.contents.spaces)
    description.checksRepetition = checksRepetition
    return description
  }
}
