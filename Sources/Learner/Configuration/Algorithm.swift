import Actor

/// The learning algorithm; `docs/learning.md` describes each one.
public enum Algorithm: String, Sendable, CaseIterable {
  /// REINFORCE with importance weights.
  case reinforce
  /// Advantage actor-critic.
  case a2c
  /// Proximal policy optimization.
  case ppo
  /// V-trace actor-critic, the algorithm of IMPALA.
  case vtrace
  /// Proximal policy optimization with V-trace.
  case appo
  /// Q-learning with a replay buffer: DQN.
  case dqn
}

extension TrainingConfiguration {
  /// Sets the options with defaults that depend on the algorithm.
  ///
  /// `docs/benchmarks.md` has the measurements behind them.
  mutating func adopt(_ algorithm: Algorithm) {
    switch algorithm {
    case .reinforce:
      activation = .tanh
      sharedTorso = false
      gamma = 0.98
      entropyCost = .exponential(from: 0.1, to: 0.001)
      baseline = .value
      learningRate = .exponential(from: 0.004, to: 0.0001)
      valueLearningRate = 0.01
      maximumGradientNorm = 0.5
    case .a2c:
      adoptCritic()
      deterministic = true
      actorCount = 4
      bufferCount = 8
      fragmentsPerBatch = 4
      fragmentSteps = 8
      lambda = 0.95
      entropyCost = .exponential(from: 0.01, to: 0.001)
      learningRate = .exponential(from: 0.001, to: 0.0001)
      valueLearningRate = 0.005
    case .ppo:
      adoptCritic()
      deterministic = true
      actorCount = 8
      bufferCount = 16
      fragmentsPerBatch = 8
      fragmentSteps = 32
      lambda = 0.95
      normalizeAdvantages = true
      epochs = 4
      minibatches = 4
    case .vtrace:
      adoptCritic()
      lambda = 0.95
      entropyCost = .exponential(from: 0.01, to: 0.001)
      learningRate = .exponential(from: 0.0005, to: 0.00005)
      valueLearningRate = 0.005
    case .appo:
      adoptCritic()
      fragmentsPerBatch = 8
      entropyCost = .exponential(from: 0.01, to: 0.001)
      learningRate = .exponential(from: 0.0025, to: 0.0001)
      normalizeAdvantages = true
      epochs = 2
      minibatches = 2
    case .dqn:
      networkInputs = [.obs]
      hiddenSizes = [64, 64]
      learningRate = .exponential(from: 0.001, to: 0.00005)
      actorCount = 2
      bufferCount = 8
      environmentsPerActor = 4
      fragmentSteps = 4
      fragmentsPerBatch = 1
      replayBatch = 128
      updatesPerBatch = 2
    }
  }

  /// Sets the defaults shared by the actor-critic algorithms.
  ///
  /// Policy and value heads have separate torsos, which keeps their gradients from interfering.
  private mutating func adoptCritic() {
    networkInputs = [.obs]
    hiddenSizes = [64, 64]
    activation = .tanh
    initialization = .orthogonal
    sharedTorso = false
    learningRate = 0.0025
    maximumGradientNorm = 0.5
  }
}
