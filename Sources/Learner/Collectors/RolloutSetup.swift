import Actor
import Rollout

/// What is collected, with which policy and weights: what every collector is made from.
///
///     let setup = try RolloutSetup(
///       environment: "CartPole-v1", policy: NetworkPolicy(), environmentCount: 8, stepCount: 25, seed: 1)
///     let rollout = try MultiWorker(setup, actorCount: 16, bufferCount: 24, fragmentsPerBatch: 2)
public struct RolloutSetup {
  /// The registered name of the environment.
  public let environment: String
  /// Values of the environment's parameters, such as `size=8,goal=4`.
  public let environmentArguments: String
  /// The step at which an unfinished episode is cut off.
  public let episodeLimit: EpisodeLimit
  /// What goes around the environment, the innermost first: wrappers that can be named on a command line.
  public let wrappers: [Wrapper]
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
    environment: String, environmentArguments: String = "",
    episodeLimit: EpisodeLimit = .registered, wrappers: [Wrapper] = [], policy: any Policy,
    environmentCount: Int, stepCount: Int, sticky: Bool = false, seed: UInt64
  ) throws {
    // Workers are told of wrappers by name.
    for wrapper in wrappers where (try? Wrapper(parsing: wrapper.description)) != wrapper {
      throw WrapperError(
        "the wrapper \(wrapper) is for code only: workers know those that --wrap takes")
    }
    self.environment = environment
    self.environmentArguments = environmentArguments
    self.episodeLimit = episodeLimit
    self.wrappers = wrappers
    self.policy = policy
    self.environmentCount = environmentCount
    self.stepCount = stepCount
    self.sticky = sticky
    self.seed = seed
    let spaces = try EnvironmentRegistry.shared.specification(environment)
      .spaces(arguments: environmentArguments, wrappers: wrappers)
    let signature = try PolicySignature(policy, for: spaces)
    layout = FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount,
      contents: signature.contents(spaces))
    parameters = signature.parameters
    weights = FlatVector(repeating: 0, count: parameters.elementCount)
    var random = RandomStreams.initialisation(seed: seed)
    parameters.initialise(weights, using: &random)
  }

  /// What workers are told.
  func description(_ schedule: CollectSchedule) -> RunDescription {
    RunDescription(
      environment: environment, environmentArguments: environmentArguments,
      episodeLimit: episodeLimit, wrappers: wrappers.map(\.description),
      environmentCount: environmentCount, stepCount: stepCount, sticky: sticky,
      policy: PolicyRegistry.encode(policy), seed: seed, schedule: schedule,
      python: EnvironmentRegistry.shared.python)
  }
}
