import Actor
import Foundation
import Rollout

// The objects that a configuration describes, except the learner.
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
  package var evaluationEnvironment: EnvironmentConfiguration {
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
  ///   - objective: the loss to minimize; nil for that of the options.
  ///   - check: called with the network's parameters before their weights are allocated.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `PolicyError`,
  ///   `ConfigurationError` if the network does not fit into memory, and the errors of `check` and
  ///   of creating an environment.
  package func makeSetup(
    seed: UInt64, policy: (any Policy)? = nil, objective: (any Objective)? = nil,
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
    if algorithm.learner == nil {
      let objective = objective ?? algorithm.objective(self, setup.policy)
      try setup.omitOutputs(
        unreadBy: objective, bootstrap: bootstrap, fragmentsPerBatch: fragmentsPerBatch)
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
