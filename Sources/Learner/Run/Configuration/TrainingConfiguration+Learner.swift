import Actor
public import Rollout

// The learner of a run, with its threads and its optimizer.
extension TrainingConfiguration {
  /// Creates the learner.
  ///
  /// - Parameters:
  ///   - valueParameters: the names of the parameters that only a learned value estimate depends
  ///     on.
  ///   - parts: the parts that replace those of the options.
  ///   - exchange: the exchange with other ranks; nil for a learner alone.
  /// - Throws: `PolicyError` if the policy lacks an output that the objective needs, and the errors
  ///   of makers.
  package func makeLearner(
    _ setup: RolloutSetup, batchLayout: FragmentLayout, valueParameters: Set<String>,
    parts: TrainingParts = TrainingParts(), exchange: UpdateExchange? = nil
  ) throws -> any BatchLearner {
    let context = LearnerContext(
      configuration: self, setup: setup,
      objective: parts.objective ?? algorithm.objective(self, setup.policy),
      batchLayout: batchLayout,
      makeOptimizer: {
        try parts.optimizer?.make($0) ?? makeOptimizer($0, valueParameters: valueParameters)
      }, threads: makeThreads(exchange), exchange: exchange)
    var learner = try algorithm.learner?(context) ?? context.makePasses()
    let buffers = algorithm.scheduledBuffers(self)
    if !buffers.isEmpty {
      learner = try ScheduledBufferLearner(
        learner, buffers, totalSteps: totalSteps, parameters: setup.parameters,
        weights: setup.weights)
    }
    return NormalizingLearner(
      learner, batchLayout: batchLayout, parameters: setup.parameters, weights: setup.weights,
      discount: rewardNormalizationDiscount ?? gamma, exchange: exchange) ?? learner
  }

  /// Creates the threads of the learner; nil for its own thread alone.
  private func makeThreads(_ exchange: UpdateExchange?) -> ThreadPool? {
    let count = learnerThreads ?? Self.usualLearnerThreads(exchange)
    return count > 1
      ? ThreadPool(threadCount: count, isAdaptive: learnerThreads == nil) : nil
  }

  /// Returns the number of processors for this rank, at most 8.
  ///
  /// Ranks that a launcher did not bind to processors of their own share those of their host.
  private static func usualLearnerThreads(_ exchange: UpdateExchange?) -> Int {
    let allowed = SystemCalls.allowedCoreCount
    guard let ranks = exchange?.ranks, allowed == SystemCalls.coreCount else {
      return min(allowed, 8)
    }
    let ranksPerHost = (ranks.count + ranks.hostCount - 1) / ranks.hostCount
    return min(max(allowed / ranksPerHost, 1), 8)
  }

  /// Creates the optimizer.
  ///
  /// - Parameters:
  ///   - parameters: all parameters and buffers.
  ///   - valueParameters: the names of the parameters that use `valueLearningRate`, if it is given.
  package func makeOptimizer(
    _ parameters: ParameterLayout, valueParameters: Set<String> = []
  ) -> any Optimizer<Float> {
    let count = parameters.elementCount
    let rate = Float(learningRate.first)
    let factor = valueLearningRate.map { $0 / learningRate.largest } ?? 1
    let groups = parameters.groups { valueParameters.contains($0.name) ? factor : 1 }
    return switch optimizer {
    case .adam:
      Adam<Float>(count: count, learningRate: rate, epsilon: adamEpsilon, groups: groups)
    case .adamw:
      Adam<Float>(
        count: count, learningRate: rate, epsilon: adamEpsilon, weightDecay: weightDecay,
        groups: groups)
    case .sgd: SGD<Float>(count: count, learningRate: rate, momentum: momentum, groups: groups)
    case .rmsprop:
      RMSProp<Float>(
        count: count, learningRate: rate, epsilon: rmspropEpsilon, momentum: momentum,
        groups: groups)
    }
  }
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
