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

  /// Creates the learner.
  let makeLearner: @Sendable (LearnerContext) throws -> any BatchLearner

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
  ///   - learner: creates the learner; by default `LearnerContext.makePasses`, which learns from
  ///     each batch by `--epochs` and `--minibatches`.
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
    learner: @escaping @Sendable (LearnerContext) throws -> any BatchLearner = {
      try $0.makePasses()
    }
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
    makeLearner = learner
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

/// The material that a learner is made of: configuration, objective, policy, weights and batches.
public struct LearnerContext {
  /// The options of the run.
  public let configuration: TrainingConfiguration
  /// The policy with its parameters and weights, which are trained in place.
  public let setup: RolloutSetup
  /// The loss to minimize.
  public let objective: any Objective
  /// The layout of the batches, [T, n·B].
  public let batchLayout: FragmentLayout
  /// Creates an optimizer for the learned ones of some parameters.
  let makeOptimizer: (ParameterLayout) throws -> any Optimizer<Float>

  /// The threads that share the work of large batches.
  let threads: ThreadPool?
  /// The exchange with other ranks; nil for a learner alone.
  let exchange: UpdateExchange?

  /// The random stream of the learner.
  public var random: PCG64 {
    RandomStreams.learning(seed: setup.seed, rank: exchange?.ranks.rank ?? 0)
  }

  /// Creates the update of the configuration's optimizer for batches of a layout.
  ///
  /// - Throws: `PolicyError` if the policy lacks an output that the objective needs.
  public func makeUpdate(_ layout: FragmentLayout) throws -> PolicyUpdate {
    try makeUpdate(layout, objective, of: setup.parameters)
  }

  /// Creates one of several updates, each of its own loss and parameters.
  ///
  /// - Parameters:
  ///   - layout: the layout of the batches.
  ///   - objective: the loss.
  ///   - name: the name that distinguishes the update from the first one; nil for the first one.
  ///   - parameters: all parameters, with those to move as learned.
  /// - Throws: `PolicyError` if the policy lacks an output that the objective needs.
  func makeUpdate(
    _ layout: FragmentLayout, _ objective: any Objective, named name: String? = nil,
    of parameters: ParameterLayout
  ) throws -> PolicyUpdate {
    let update = try PolicyUpdate(
      setup.policy, objective, bootstrap: configuration.bootstrap, layout: layout,
      weights: setup.weights, optimizer: makeOptimizer(parameters),
      maximumGradientNorm: configuration.maximumGradientNorm,
      learningRate: configuration.learningRate, totalSteps: configuration.totalSteps,
      layers: configuration.recordsLayerGradients ? parameters : nil, named: name,
      threads: threads)
    if let exchange { update.join(exchange) }
    return update
  }

  /// Creates a learner that takes each batch as it comes, in `--epochs` passes of `--minibatches`.
  ///
  /// - Throws: `PolicyError` if the policy lacks an output that the objective needs, or if the
  ///   objective cannot make its estimates for a batch, which minibatches of steps need.
  public func makePasses() throws -> any BatchLearner {
    let (epochs, minibatches) = (configuration.epochs, configuration.minibatchCount)
    let size = configuration.minibatchUnitCount
    if epochs == 1, minibatches == 1, size == nil, configuration.targetDivergence == .infinity {
      return try makeUpdate(batchLayout)
    }
    return try MinibatchLearner(
      epochs: epochs, minibatchCount: minibatches, of: configuration.minibatchUnit,
      minibatchSize: size, targetDivergence: configuration.targetDivergence,
      batchLayout: batchLayout, random: random,
      estimates: configuration.makesBatchEstimates ? try makeEstimates() : nil,
      makeUpdate: makeUpdate)
  }

  private func makeEstimates() throws -> BatchEstimates {
    try BatchEstimates(
      setup.policy, objective, bootstrap: configuration.bootstrap, layout: batchLayout,
      weights: setup.weights, threads: threads)
  }
}
