public import Actor
public import Rollout

/// A learning algorithm: its defaults, its options, its policy, its objective and its learner.
///
/// Each algorithm has a file of its own beside this one, and `AlgorithmRegistry` lists them. An
/// algorithm of a program is described in the same way, and registered:
///
/// ```swift
/// extension Algorithm {
///   static let mine = Algorithm(
///     name: "mine", options: policyOptions, defaults: { $0.learningRate = 0.01 },
///     objective: { configuration, _ in Reinforce(discount: configuration.gamma) })
/// }
/// ```
///
/// `train --algorithm mine` and `TrainingConfiguration(.mine)` then train with it.
public struct Algorithm: Sendable {
  /// The name on the command line, in configurations and in checkpoints.
  public let name: String

  /// The options that the algorithm uses, of those that are not for every algorithm.
  ///
  /// An option that is listed by at least one built-in algorithm is refused for every algorithm
  /// that does not list it.
  package let options: Set<String>

  /// Returns true if the algorithm learns value estimates, for which the network gets a value head.
  let learnsValue: @Sendable (TrainingConfiguration) -> Bool

  /// Sets the options that have their own defaults with the algorithm.
  let defaults: @Sendable (inout TrainingConfiguration) -> Void

  /// Sets the options that have other defaults in an environment that is not built in.
  let environmentDefaults: @Sendable (inout TrainingConfiguration, EnvironmentTraits) -> Void

  /// Refuses what the algorithm cannot work with.
  let validate: @Sendable (TrainingConfiguration) throws(ConfigurationError) -> Void

  /// Refuses what the machine's memory cannot hold, given the layout of batches.
  let validateMemory:
    @Sendable (TrainingConfiguration, FragmentLayout) throws(ConfigurationError)
      -> Void

  /// Returns the policy to train, around or in place of the configured network.
  let policy: @Sendable (TrainingConfiguration, NetworkPolicy) -> any Policy

  /// Returns the loss to minimize with a policy.
  let objective: @Sendable (TrainingConfiguration, any Policy) -> any Objective

  /// Returns the buffers of the weights that follow a schedule.
  let scheduledBuffers: @Sendable (TrainingConfiguration) -> [ScheduledBuffer]

  /// Creates the algorithm's own learner, which may read all of a batch; nil if it has none and
  /// only the objective reads batches.
  let learner: (@Sendable (LearnerContext) throws -> any BatchLearner)?

  /// Describes an algorithm.
  ///
  /// - Parameters:
  ///   - name: the name on the command line, in configurations and in checkpoints.
  ///   - options: the options that the algorithm uses, of those that are not for every algorithm:
  ///     `policyOptions` or `criticOptions` and others.
  ///   - learnsValue: returns true if the network gets a value head; by default it has none.
  ///   - defaults: sets the options that have their own defaults with the algorithm.
  ///   - environmentDefaults: sets the options that have other defaults in an environment that is
  ///     not built in, given its properties; by default none. Options that a command line or a file
  ///     gives keep their values.
  ///   - validate: refuses what the algorithm cannot work with, after all other checks.
  ///   - validateMemory: refuses what the machine's memory cannot hold, given the layout of batches
  ///     [T, n·B], before anything is started.
  ///   - policy: returns the policy to train, given the configured network; by default the network.
  ///     A type other than the built-in ones is registered with `PolicyRegistry`.
  ///   - objective: returns the loss to minimize with the policy that is trained.
  ///   - scheduledBuffers: returns the buffers of the weights that follow a schedule, such as the
  ///     chance of a random action; by default none.
  ///   - learner: creates the learner; by default nil, for `LearnerContext.makePasses`, which
  ///     learns from each batch by `--epochs` and `--minibatches`.
  public init(
    name: String, options: Set<String>,
    learnsValue: @escaping @Sendable (TrainingConfiguration) -> Bool = { _ in false },
    defaults: @escaping @Sendable (inout TrainingConfiguration) -> Void = { _ in },
    environmentDefaults:
      @escaping @Sendable (inout TrainingConfiguration, EnvironmentTraits) -> Void = { _, _ in },
    validate: @escaping @Sendable (TrainingConfiguration) throws(ConfigurationError) -> Void =
      { _ in },
    validateMemory:
      @escaping @Sendable (TrainingConfiguration, FragmentLayout)
      throws(ConfigurationError) -> Void = { _, _ in },
    policy: @escaping @Sendable (TrainingConfiguration, NetworkPolicy) -> any Policy = { $1 },
    objective: @escaping @Sendable (TrainingConfiguration, any Policy) -> any Objective,
    scheduledBuffers: @escaping @Sendable (TrainingConfiguration) -> [ScheduledBuffer] = { _ in []
    },
    learner: (@Sendable (LearnerContext) throws -> any BatchLearner)? = nil
  ) {
    self.name = name
    self.options = options
    self.learnsValue = learnsValue
    self.defaults = defaults
    self.environmentDefaults = environmentDefaults
    self.validate = validate
    self.validateMemory = validateMemory
    self.policy = policy
    self.objective = objective
    self.scheduledBuffers = scheduledBuffers
    self.learner = learner
  }
}

/// Algorithms are told apart by their names; those of the registry have different ones.
extension Algorithm: RawRepresentable, CaseIterable, Hashable {
  /// The name.
  public var rawValue: String { name }

  /// Looks up a registered algorithm by its name.
  public init?(rawValue: String) {
    guard let algorithm = Self.allCases.first(where: { $0.name == rawValue }) else { return nil }
    self = algorithm
  }

  /// The registered algorithms, in the order of registration.
  public static var allCases: [Algorithm] { AlgorithmRegistry.shared.all }
}
