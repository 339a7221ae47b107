import Actor
import Rollout

/// The environment, policy, weights and fragment shape from which every collector is created.
///
/// ```swift
/// let setup = try RolloutSetup(
///   environment: "CartPole-v1", policy: NetworkPolicy(), environmentCount: 8,
///   stepCount: 25, seed: 1)
/// let rollout = try MultiWorker(setup, actorCount: 16, bufferCount: 24, fragmentsPerBatch: 2)
/// ```
public struct RolloutSetup {
  /// The environment; its wrappers are those that a command line can name.
  public let environment: EnvironmentConfiguration
  /// The policy.
  public let policy: any Policy
  /// B, the number of environments that a worker steps together.
  public let environmentCount: Int
  /// T, the number of steps in a fragment.
  public let stepCount: Int
  /// True if an environment waits after the end of an episode until the fragment ends.
  public let sticky: Bool
  /// The root of every random stream.
  public let seed: UInt64
  /// True to warn about an environment that does not repeat itself.
  package var checksRepetition = false
  /// The outputs of the actor that workers do not compute, because no objective reads them.
  package private(set) var unreadOutputs = UnreadOutputs()
  /// The number of workers of other ranks that come before this rank's worker 0.
  var earlierWorkerCount = 0
  /// The incarnation that workers of a new collection begin with.
  ///
  /// It is above 0 if they must not repeat the episodes of an earlier collection.
  var firstIncarnation: UInt32 = 0

  /// The layout of a fragment.
  public let layout: FragmentLayout
  /// The layout of the policy's parameters.
  public let parameters: ParameterLayout
  /// The number of leading weights that workers act with, and that collectors publish.
  let actingWeightCount: Int
  /// The weights, initialized from the seed; a collector begins with them.
  public let weights: FlatVector<Float>

  /// Determines the layout of fragments and initializes the weights.
  ///
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`, `PolicyError`,
  ///   or an error of the environment's initializer.
  public init(
    environment: EnvironmentConfiguration, policy: any Policy, environmentCount: Int,
    stepCount: Int,
    sticky: Bool = false, seed: UInt64
  ) throws {
    try self.init(
      environment: environment, policy: policy, environmentCount: environmentCount,
      stepCount: stepCount, sticky: sticky, seed: seed, checking: { _ in })
  }

  /// Determines the layout of fragments and initializes the weights if their layout passes a check.
  init(
    environment: EnvironmentConfiguration, policy: any Policy, environmentCount: Int,
    stepCount: Int,
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
    if sticky, spaces.declared?.autoreset != nil {
      throw ConfigurationError(
        "--sticky lets single environments wait, but those of \(environment) step together as a "
          + "vector environment: leave it out.", option: "sticky")
    }
    let signature = try PolicySignature(policy, for: spaces)
    try check(signature.parameters)
    var contents = signature.contents(spaces)
    contents.mayWait = sticky || spaces.mayIdle
    layout = FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount, contents: contents)
    parameters = signature.parameters
    actingWeightCount = signature.actingWeightCount
    weights = signature.initialWeights(seed: seed)
  }

  /// Lets workers omit the outputs that an objective does not read, such as `value` at rows 0…T−1.
  ///
  /// The objective is traced to find them. See docs/fragment.md, Unread outputs.
  ///
  /// - Parameters:
  ///   - objective: the only reader of the actor's outputs in batches of this setup.
  ///   - bootstrap: the source of the value estimate for the state behind the last row.
  ///   - fragmentsPerBatch: the number of fragments in a batch.
  /// - Throws: `PolicyError` if the policy lacks an output that the objective needs.
  public mutating func omitOutputs(
    unreadBy objective: some Objective, bootstrap: Bootstrap = .actor, fragmentsPerBatch: Int = 1
  ) throws(PolicyError) {
    let batch = try TracedBatch(
      policy, bootstrap: bootstrap, layout: layout.batched(fragmentsPerBatch))
    unreadOutputs = try batch.outputsUnread(by: objective)
  }

  /// Returns the description of the run for workers.
  func description(_ schedule: CollectSchedule) -> RunDescription {
    var description = RunDescription(
      environment: environment, environmentCount: environmentCount, stepCount: stepCount,
      sticky: sticky, policy: PolicyRegistry.encode(policy), seed: seed, schedule: schedule)
    description.spaces = DeclaredSpaces(layout.contents.spaces)
    description.checksRepetition = checksRepetition
    description.unreadOutputs = unreadOutputs
    description.earlierWorkerCount = earlierWorkerCount
    return description
  }
}
