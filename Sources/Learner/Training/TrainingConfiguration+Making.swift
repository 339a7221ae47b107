import Actor
import Rollout

// What a configuration's words stand for.
extension TrainingConfiguration {
  /// The policy to train.
  public var policy: any Policy {
    NetworkPolicy(
      inputs: networkInputs, torso: torso, hidden: hiddenSizes ?? torso.usualHiddenSizes,
      activation: activation, recurrent: recurrent, recurrentSize: recurrentSize,
      recurrentLayers: recurrentLayers, value: valueHead, integers: integerInputs,
      embeddingWidth: embeddingSize, initialisation: initialisation)
  }

  /// Whether something learns what states are worth.
  var learnsValue: Bool { baseline == .value }

  private var valueHead: ValueHead {
    guard learnsValue else { return .none }
    return sharedTorso ? .shared : .separate
  }

  /// What to minimise.
  public var objective: Reinforce {
    Reinforce(
      discount: gamma, entropyCost: entropyCost, rhoClip: rhoClip, baseline: baseline,
      valueCost: valueCost)
  }

  /// What evaluations play.
  var evaluationEnvironment: EnvironmentChoice {
    var choice = environment
    if evaluationEpisodeSteps != .registered { choice.limit = evaluationEpisodeSteps }
    return choice
  }

  /// What is collected.
  ///
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `PolicyError`, or what making an environment throws.
  func makeSetup(seed: UInt64) throws -> RolloutSetup {
    try RolloutSetup(
      environment: environment, policy: policy, environmentCount: environmentsPerActor,
      stepCount: fragmentSteps, sticky: sticky, seed: seed)
  }

  /// Where batches come from; starts the workers.
  ///
  /// - Throws: `RunMemoryError`, `WorkerStartError`.
  func makeCollector(
    _ setup: RolloutSetup, _ processes: WorkerProcesses
  ) throws -> any RolloutCollector {
    switch collector {
    case .same:
      try SameProcess(setup, fragmentsPerBatch: fragmentsPerBatch, lag: fixedPolicyLag ?? 0)
    case .single:
      try SingleWorker.start(
        setup, fragmentsPerBatch: fragmentsPerBatch, lag: fixedPolicyLag ?? 1,
        processes: processes)
    case .multi:
      try MultiWorker(
        setup, actorCount: actorCount, bufferCount: bufferCount,
        fragmentsPerBatch: fragmentsPerBatch, lag: fixedPolicyLag, processes: processes)
    }
  }

  /// What turns gradients into steps.
  ///
  /// - Parameters:
  ///   - parameters: all parameters and buffers.
  ///   - valueParameters: the names of those that have a learning rate of their own, if one is given.
  func makeOptimiser(
    _ parameters: ParameterLayout, valueParameters: Set<String> = []
  ) -> any Optimiser<Float> {
    let count = parameters.elementCount
    let rate = Float(learningRate.first)
    let factor = valueLearningRate.map { $0 / learningRate.largest } ?? 1
    let groups = parameters.groups { valueParameters.contains($0.name) ? factor : 1 }
    return switch optimizer {
    case .adam: Adam<Float>(count: count, learningRate: rate, groups: groups)
    case .adamw:
      Adam<Float>(count: count, learningRate: rate, weightDecay: weightDecay, groups: groups)
    case .sgd: SGD<Float>(count: count, learningRate: rate, momentum: momentum, groups: groups)
    case .rmsprop:
      RMSProp<Float>(count: count, learningRate: rate, momentum: momentum, groups: groups)
    }
  }
}

extension NetworkTorso {
  /// Units of the hidden layers behind the torso where none are named.
  fileprivate var usualHiddenSizes: [Int] {
    switch self {
    case .mlp: [32]
    case .nature: [512]
    }
  }
}
