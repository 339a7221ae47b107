import Actor
import Foundation
import Rollout

// The objects that a configuration describes.
extension TrainingConfiguration {
  /// The policy to train.
  public var policy: any Policy {
    let network = NetworkPolicy(
      inputs: networkInputs, torso: torso, hidden: hiddenSizes ?? torso.usualHiddenSizes,
      activation: activation, recurrent: recurrent, recurrentSize: recurrentSize,
      recurrentLayers: recurrentLayers, value: valueHead, integers: integerInputs,
      embeddingWidth: embeddingSize, initialization: initialization, normalization: normalization)
    return algorithm.policy(self, network)
  }

  private var normalization: NetworkNormalization? {
    guard normalizesObservations || normalizesRewards else { return nil }
    return NetworkNormalization(observations: normalizesObservations, rewards: normalizesRewards)
  }

  private var valueHead: ValueHead {
    guard algorithm.learnsValue(self) else { return .none }
    return sharedTorso ? .shared : .separate
  }

  /// The loss to minimize.
  public var objective: any Objective { algorithm.objective(self, policy) }

  /// The environment of evaluations.
  var evaluationEnvironment: EnvironmentConfiguration {
    var choice = environment
    if evaluationEpisodeSteps != .registered { choice.limit = evaluationEpisodeSteps }
    if let evaluationArguments { choice.arguments = evaluationArguments }
    return choice
  }

  /// The number of processes that evaluate while training goes on.
  var evaluationProcessCount: Int {
    if let evaluationWorkers { return evaluationWorkers }
    let hasOneProcessor = ProcessInfo.processInfo.activeProcessorCount == 1
    return deterministic || collector == .same || hasOneProcessor ? 0 : 1
  }

  /// The number of further episodes that have to confirm that ``untilReturn`` is reached.
  var confirmationEpisodes: Int { max(evaluationEpisodes, 100) }

  /// Creates the setup of collection: environment, policy and initial weights.
  ///
  /// - Parameters:
  ///   - seed: the random seed of the run.
  ///   - policy: the policy to train; nil for that of the options.
  ///   - check: called with the network's parameters before their weights are allocated.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `PolicyError`,
  ///   `ConfigurationError` if the network does not fit into memory, and the errors of `check` and
  ///   of creating an environment.
  package func makeSetup(
    seed: UInt64, policy: (any Policy)? = nil,
    checking check: (ParameterLayout) throws -> Void = { _ in }
  ) throws -> RolloutSetup {
    var setup = try ExitGuard.during("the start of the run") {
      try RolloutSetup(
        environment: environment, policy: policy ?? self.policy,
        environmentCount: environmentsPerActor,
        stepCount: fragmentSteps, sticky: sticky, seed: seed
      ) { parameters in
        try validateNetworkMemory(parameters)
        try check(parameters)
      }
    }
    setup.checksRepetition = deterministic && !EnvironmentRegistry.isBuiltIn(environment.id)
    if initialDeviation != 1 {
      for entry in setup.parameters.entries where entry.name.hasSuffix(".log_std") {
        for index in entry.range { setup.weights[index] = Float(log(initialDeviation)) }
      }
    }
    // Workers receive these weights before the learner exists, which later follows the schedules.
    for buffer in algorithm.scheduledBuffers(self) {
      guard let place = setup.parameters.range(of: buffer.name) else { continue }
      setup.weights[place.lowerBound] = Float(buffer.schedule.first)
    }
    return setup
  }

  /// Creates the collector and starts its workers.
  ///
  /// - Parameter state: the state to resume from; nil for a new collection.
  /// - Throws: `RunMemoryError`, `WorkerStartError`, `CollectorStateError`.
  package func makeCollector(
    _ setup: RolloutSetup, _ processes: WorkerProcesses, resuming state: CollectorState? = nil
  ) throws -> any RolloutCollector {
    switch collector {
    case .same:
      try SameProcess(
        setup, fragmentsPerBatch: fragmentsPerBatch, lag: fixedPolicyLag ?? 0, resuming: state)
    case .single:
      try MultiWorker.lockstep(
        setup, fragmentsPerBatch: fragmentsPerBatch, lag: fixedPolicyLag ?? 1,
        processes: processes, resuming: state)
    case .multi:
      try MultiWorker(
        setup, actorCount: actorCount, bufferCount: bufferCount,
        fragmentsPerBatch: fragmentsPerBatch, lag: fixedPolicyLag, maximumLag: maximumPolicyLag,
        processes: processes, resuming: state)
    }
  }

  // MARK: Minibatches

  /// The number of environments or steps of a batch that minibatches are drawn from.
  var batchUnitCount: Int {
    environmentsPerActor * fragmentsPerBatch * (minibatchUnit == .steps ? fragmentSteps : 1)
  }

  /// The number of steps in one of them.
  var stepsPerUnit: Int { minibatchUnit == .steps ? 1 : fragmentSteps }

  /// The number of environments or steps in a minibatch; nil if `minibatches` determines it.
  var minibatchUnitCount: Int? { minibatchSize.map { $0 / stepsPerUnit } }

  /// The number of minibatches in a pass.
  var minibatchCount: Int { minibatchUnitCount.map { batchUnitCount / $0 } ?? minibatches }

  /// True if advantages and value targets are made once for a batch, before the first pass.
  var makesBatchEstimates: Bool {
    minibatchUnit == .steps || (normalizeAdvantages && normalizationScope == .batch)
  }

  // MARK: Learner

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
    var learner = try algorithm.makeLearner(context)
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

extension NetworkTorso {
  /// The sizes of the hidden layers behind the torso if none are given.
  fileprivate var usualHiddenSizes: [Int] {
    switch self {
    case .mlp: [32]
    case .nature: [512]
    }
  }
}
