import Actor
public import Rollout

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
