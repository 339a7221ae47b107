public import Actor
public import Rollout

/// The options of a training run.
///
/// The defaults depend on the algorithm: its file in `Algorithms` has those that differ. REINFORCE
/// learns a baseline and uses schedules by default, and solves CartPole with every random seed
/// tried (`docs/benchmarks.md`). `Recipes/seed-003.json` is the experiment of rlplay's overview.
///
/// To train, create a configuration, set the options that differ, call ``validate()`` once and pass
/// it to `TrainingRun`. The command line, files of options and the saved `config.json` are read and
/// written through the table `settings`. A new option needs a row in that table, checks in
/// ``validate()`` and the code that uses it.
public struct TrainingConfiguration: Sendable, Equatable {
  // MARK: Environment

  /// The environment to learn, with its arguments, limits and wrappers.
  public var environment: EnvironmentConfiguration = "CartPole-v1"

  /// True if float observations are normalized by running statistics; see ``wrappers``.
  public var normalizesObservations = false

  /// True if rewards are divided by the running standard deviation of returns; see ``wrappers``.
  public var normalizesRewards = false

  /// The discount of those returns, or nil for ``gamma``.
  public var rewardNormalizationDiscount: Double?

  // MARK: Collection

  /// The collector, which determines the processes that step environments.
  public var collector = CollectorKind.multi

  /// The number of worker processes; used by the collector `multi` only.
  public var actorCount = 16

  /// The number of environments in each worker, and in a fragment: B.
  public var environmentsPerActor = 8

  /// The number of steps of each environment in a fragment: T.
  public var fragmentSteps = 25

  /// The number of fragments in shared memory; used by the collector `multi` only.
  public var bufferCount = 24

  /// The number of fragments in a batch.
  public var fragmentsPerBatch = 2

  /// True if fragments are consumed in worker order with a fixed policy lag.
  ///
  /// A run with the same random seed then gives the same weights bit for bit.
  public var deterministic = false

  /// The fixed policy lag in updates, or nil for the collector's default; see `fixedPolicyLag`.
  public var policyLag: Int?

  /// The largest policy lag to learn from, in updates, or nil for no limit.
  public var maximumPolicyLag: Int?

  /// True if an environment waits at its reset state from an episode's end to the fragment's end.
  public var sticky = false

  // MARK: Network

  /// The inputs of the network, in this order.
  public var networkInputs: [NetworkInput] = [.obs, .act]

  /// The encoding of discrete inputs as numbers.
  public var integerInputs = IntegerEncoding.embedding

  /// The length of an embedding vector.
  public var embeddingSize = 4

  /// The layers before the hidden layers.
  public var torso = NetworkTorso.mlp

  /// The sizes of the hidden layers, first to last, or nil for the torso's default.
  public var hiddenSizes: [Int]?

  /// The activation function after each hidden layer.
  public var activation = Activation.relu

  /// The recurrent core behind the hidden layers.
  public var recurrent = RecurrentCore.none

  /// The number of units in each recurrent layer.
  public var recurrentSize = 64

  /// The number of stacked recurrent layers.
  public var recurrentLayers = 1

  /// True if policy and value heads share a torso.
  public var sharedTorso = true

  /// The initialization of the weights.
  public var initialization = NetworkInitialization.pytorch

  /// The standard deviation σ of the actions of a Box before anything is learned.
  public var initialDeviation = 1.0

  // MARK: Learning

  /// The learning algorithm.
  public var algorithm: Algorithm

  /// The discount γ of future rewards.
  public var gamma = 0.99

  /// The coefficient of the entropy bonus in the loss; may follow a schedule.
  public var entropyCost: Schedule = 0.01

  /// The baseline that REINFORCE subtracts from returns.
  public var baseline = ReturnBaseline.mean

  /// The coefficient of the squared error of value estimates; unused if none are learned.
  public var valueCost = 0.5

  /// The source of the value estimate behind a fragment's last row; unused if none are learned.
  public var bootstrap = Bootstrap.actor

  /// λ of GAE and V-trace; used by the actor-critic algorithms only.
  public var lambda = 1.0

  /// True if advantages, or REINFORCE's returns, are normalized to mean 0 and standard deviation 1.
  public var normalizeAdvantages = false

  /// The steps that advantages are normalized over.
  public var normalizationScope = NormalizationScope.minibatch

  /// True if A2C learns from the returns of whole episodes, each episode's normalized to mean 0 and
  /// standard deviation 1.
  public var normalizeReturns = false

  /// ε of PPO: the change of the probability ratio from 1 beyond which the surrogate is clipped;
  /// may follow a schedule.
  public var clip: Schedule = 0.2

  /// The largest change of PPO's value estimate from the recorded one; infinity for no limit.
  public var valueClip = Double.infinity

  /// The upper limit of importance weights; infinity for no limit.
  public var rhoClip = 1.0

  /// The upper limit of V-trace's trace coefficients; infinity for no limit.
  public var traceClip = 1.0

  /// The number of passes over each batch.
  public var epochs = 1

  /// The number of minibatches in a pass.
  public var minibatches = 1

  /// The number of steps in a minibatch, or nil for a batch divided by ``minibatches``.
  public var minibatchSize: Int?

  /// The parts of a batch that minibatches are drawn from.
  public var minibatchUnit = MinibatchUnit.environments

  /// The target KL divergence from the behavior policy; infinity for no limit.
  ///
  /// Above 1.5 times this value the rest of a batch is left out.
  public var targetDivergence = Double.infinity

  /// The probability ε of a random action in Q-learning; may follow a schedule.
  public var epsilon: Schedule = .linear(from: 1, to: 0.05, steps: 10_000)

  /// True if the trained network selects the action that the target network evaluates: double DQN.
  public var doubleQ = true

  /// True if Q-learning's network has a stream for the state's value and one for its actions.
  public var dueling = false

  /// The capacity of the replay buffer, in environment steps.
  public var replaySteps = 50_000

  /// The number of environment steps in a sample from the replay buffer.
  public var replayBatch = 400

  /// α, the exponent of priorities in drawing from the replay buffer; 0 to draw uniformly.
  public var replayPriority = 0.0

  /// β, the exponent of the weights that correct for priorities; may follow a schedule.
  public var replayCorrection: Schedule = .linear(from: 0.4, to: 1)

  /// The number of environment steps before the first update from the replay buffer.
  ///
  /// SAC and TD3 act at random until then.
  public var learningStarts = 1_000

  /// The number of Q-learning updates after each batch.
  public var updatesPerBatch = 1

  /// The number of updates of SAC and TD3 for each environment step after ``learningStarts``.
  public var updatesPerStep = 1.0

  /// n, the number of rewards in a target of replay before the value of the state that follows.
  public var multiStep = 1

  /// The number of updates between those of Q-learning's target network.
  public var targetEvery = 100

  /// τ, the fraction of its distance to the trained network that the target network moves.
  public var tau = 1.0

  /// The temperature α of SAC at first, the weight of entropy beside return.
  public var temperature = 1.0

  /// True if SAC learns the temperature.
  public var learnsTemperature = true

  /// The mean entropy that SAC learns the temperature for.
  ///
  /// For a Box it is in nats, and nil for −1 per element of an action; for n actions it is a
  /// fraction of log n, and nil for 0.98.
  public var targetEntropy: Double?

  /// The number of updates of TD3's critics between those of its actor and target networks.
  public var policyDelay = 2

  /// The standard deviation of the noise in TD3's actions; may follow a schedule.
  ///
  /// The unit is half the range of an action, here and in the other options of noise.
  public var explorationNoise: Schedule = 0.1

  /// The standard deviation of the noise of actions in TD3's targets.
  public var targetNoise = 0.2

  /// The largest noise of an action in TD3's targets.
  public var targetNoiseClip = 0.5

  /// The optimizer.
  public var optimizer = OptimizerKind.adam

  /// ε in Adam's quotient; used by the optimizers `adam` and `adamw` only.
  public var adamEpsilon = 1e-8

  /// ε in RMSProp's quotient; used by the optimizer `rmsprop` only.
  public var rmspropEpsilon = 1e-8

  /// The momentum μ; used by the optimizers `sgd` and `rmsprop` only.
  public var momentum = 0.0

  /// The decoupled weight decay, per unit of learning rate; used by the optimizer `adamw` only.
  public var weightDecay = 0.01

  /// The learning rate of the optimizer; may follow a schedule.
  public var learningRate: Schedule = 0.005

  /// The largest learning rate of the parameters that only a learned value estimate depends on.
  ///
  /// It applies when ``learningRate`` is at its largest, and follows the same schedule. Nil uses
  /// ``learningRate`` for all parameters.
  public var valueLearningRate: Double?

  /// The norm to which longer gradients are clipped; infinity for no limit.
  public var maximumGradientNorm = Double.infinity

  // MARK: Run

  /// The number of environment steps to train for, over all environments.
  public var totalSteps = 4_000_000

  /// The mean return that ends training early, or nil to train for all steps.
  public var untilReturn: Double?

  /// The random seed of the run, or nil to draw and print one.
  public var seed: UInt64?

  /// The run's directory, or nil for a new one under `runs/`.
  public var runDirectory: String?

  /// The interval between evaluations.
  public var evaluateEvery = EvaluationInterval.steps(25_000)

  /// The number of processes that evaluate while training goes on; 0 if training waits.
  ///
  /// Nil for 1, but 0 if the run is deterministic, collects in this process or has one processor.
  public var evaluationWorkers: Int?

  /// The number of episodes in an evaluation.
  public var evaluationEpisodes = 20

  /// True if evaluations draw actions from the policy instead of taking the likeliest one.
  public var evaluationSamples = false

  /// The environment's arguments in evaluations, or nil for those of training.
  public var evaluationArguments: String?

  /// The limit that truncates evaluated episodes; `registered` for that of training.
  public var evaluationEpisodeSteps = EpisodeLimit.registered

  /// The number of threads that compute updates.
  ///
  /// Nil uses one for each processor, at most 8, while that is faster than one alone. The weights
  /// have the same bits with any number.
  public var learnerThreads: Int?

  /// The number of environment steps between saves; 0 to save only at the end.
  ///
  /// Nil saves as often as saving takes 1 % of the time.
  public var saveEvery: Int?

  /// The number of step checkpoints to keep besides the last and the best.
  public var keptCheckpoints = 0

  /// The files of metrics in the run's directory.
  public var metricsFiles = MetricsFile.allCases

  /// The interval between two records of metrics.
  public var metricsInterval = MetricsInterval.seconds(0.1)

  /// True if the metrics contain the norm of the gradient by layer.
  public var recordsLayerGradients = false

  /// Creates the configuration of the first registered algorithm, which is the default.
  public init() { self.init(AlgorithmRegistry.builtIn[0]) }

  /// Creates the default configuration of an algorithm.
  public init(_ algorithm: Algorithm) {
    self.algorithm = algorithm
    algorithm.defaults(&self)
  }

  /// The policy lag in updates, or nil if collection is asynchronous.
  ///
  /// It is ``policyLag`` if that is given. The default is 0 for `same` and 1 for `single`. For a
  /// deterministic `multi` it is the number of updates made from one fragment of every worker, so
  /// that all workers collect while the learner learns. The default never exceeds
  /// ``maximumPolicyLag``. The lag of an asynchronous `multi` is measured instead.
  package var fixedPolicyLag: Int? {
    let usual: Int
    switch collector {
    case .same: usual = 0
    case .single: usual = 1
    case .multi where deterministic:
      usual = (actorCount + fragmentsPerBatch - 1) / max(1, fragmentsPerBatch)
    case .multi: return nil
    }
    return policyLag ?? min(usual, maximumPolicyLag ?? usual)
  }
}

/// The collectors.
public enum CollectorKind: String, Sendable, CaseIterable {
  /// Collects in the learner's own process, between updates.
  case same
  /// Collects in one worker process, in lockstep with the learner, with two fragments.
  case single
  /// Collects in many worker processes that share a pool of fragments.
  case multi
}

/// The optimizers.
public enum OptimizerKind: String, Sendable, CaseIterable {
  /// Adam, with bias correction.
  case adam
  /// Adam with decoupled weight decay.
  case adamw
  /// Gradient descent with optional momentum.
  case sgd
  /// RMSProp with optional momentum.
  case rmsprop
}
