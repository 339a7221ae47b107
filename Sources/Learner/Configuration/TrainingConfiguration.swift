public import Actor
public import Rollout

/// Everything that decides what a training run computes.
///
/// The defaults depend on the algorithm: `Algorithm.swift` holds what each one changes. Those of
/// REINFORCE are a learned value and schedules, with which every seed of CartPole ends solved
/// (docs/benchmarks.md). `Recipes/seed-003.json` is the experiment that rlplay started from.
///
/// A plain value: fill in what differs, call ``validate()`` once, and hand it to the training loop. The
/// command line, files of options and the saved `config.json` are all read and written through the table
/// of settings beside it, so a new field needs one row there and nothing else.
public struct TrainingConfiguration: Sendable, Equatable {
  // MARK: Environment

  /// The environment to learn: its name, and all that an option says of it.
  public var environment: EnvironmentChoice = "CartPole-v1"

  /// Whether the network sees float observations in units of their running deviation; see ``wrappers``.
  public var normalisesObservations = false

  /// Whether rewards are learnt from in units of the running deviation of returns; see ``wrappers``.
  public var normalisesRewards = false

  /// The discount of those returns, or nothing for ``gamma``.
  public var rewardNormalisationDiscount: Double?

  // MARK: Collection

  /// Where experience is collected.
  public var collector = CollectorKind.multi

  /// How many worker processes step environments; of meaning to the collector `multi` only.
  public var actorCount = 16

  /// How many environments each worker steps side by side: B of a fragment.
  public var environmentsPerActor = 8

  /// How many steps of each environment a fragment holds: T of a fragment.
  public var fragmentSteps = 25

  /// How many fragments lie in shared memory; of meaning to the collector `multi` only.
  public var bufferCount = 24

  /// How many fragments one update learns from.
  public var fragmentsPerBatch = 2

  /// Whether fragments are consumed in worker order and with a fixed lag, so that runs repeat bit for bit.
  public var deterministic = false

  /// The policy lag to hold, or nothing for the collector's own; see ``fixedPolicyLag``.
  public var policyLag: Int?

  /// The largest policy lag that is learnt from, or nothing for any.
  public var maximumPolicyLag: Int?

  /// Whether an environment whose episode ended waits at its reset state until the fragment ends.
  public var sticky = false

  // MARK: Network

  /// What the network sees, in this order.
  public var networkInputs: [NetworkInput] = [.obs, .act]

  /// How a choice among several becomes numbers that the network sees.
  public var integerInputs = IntegerEncoding.embedding

  /// How many numbers an embedding gives for a choice.
  public var embeddingSize = 4

  /// What comes before the hidden layers.
  public var torso = NetworkTorso.mlp

  /// The units of each hidden layer, first to last, or nothing for what suits the torso.
  public var hiddenSizes: [Int]?

  /// What follows each hidden layer.
  public var activation = Activation.relu

  /// What the network remembers with, behind the hidden layers.
  public var recurrent = RecurrentCore.none

  /// The units of each recurrent layer.
  public var recurrentSize = 64

  /// How many recurrent layers stand on each other.
  public var recurrentLayers = 1

  /// Whether what says what a state is worth goes by the features that actions are chosen by, and not by its own.
  public var sharedTorso = true

  /// How first weights are drawn.
  public var initialisation = NetworkInitialisation.pytorch

  // MARK: Learning

  /// What is learnt from batches.
  public var algorithm = Algorithm.reinforce

  /// The discount γ of future rewards.
  public var gamma = 0.99

  /// The weight of the entropy bonus in the loss, which may change in the course of the run.
  public var entropyCost: Schedule = 0.01

  /// What returns are compared with before they weigh an action.
  public var baseline = ReturnBaseline.mean

  /// What the squared error of a learnt value is worth in the loss; of meaning to the baseline `value` only.
  public var valueCost = 0.5

  /// Who says what the state behind a fragment's last row is worth; of meaning to algorithms with a value only.
  public var bootstrap = Bootstrap.actor

  /// How far advantages trust rewards more than values; of meaning to algorithms with advantages only.
  public var lambda = 1.0

  /// Whether advantages, or REINFORCE's returns, are brought to mean 0 and deviation 1.
  public var normalizeAdvantages = false

  /// How far PPO's ratio may move from 1 before nothing more is gained by it.
  public var clip = 0.2

  /// How far PPO's value may move from what was recorded; infinite for any.
  public var valueClip = Double.infinity

  /// The upper limit of importance weights; infinite for none.
  public var rhoClip = 1.0

  /// The upper limit of the weights with which V-trace carries errors back; infinite for none.
  public var traceClip = 1.0

  /// Passes over each batch.
  public var epochs = 1

  /// Parts of a pass.
  public var minibatches = 1

  /// The divergence between policies beyond which the rest of a batch is left alone; infinite for none.
  public var targetDivergence = Double.infinity

  /// The chance of an action at random in Q-learning, which may change in the course of the run.
  public var epsilon: Schedule = .linear(from: 1, to: 0.05, steps: 10_000)

  /// Whether Q-learning lets the trained network choose what the target network values.
  public var doubleQ = true

  /// How many environment steps Q-learning keeps.
  public var replaySteps = 50_000

  /// How many environment steps one of Q-learning's updates draws.
  public var replayBatch = 400

  /// How many environment steps come in before Q-learning's first update.
  public var learningStarts = 1_000

  /// How many updates of Q-learning follow each batch.
  public var updatesPerBatch = 1

  /// How many updates lie between copies to Q-learning's target network.
  public var targetEvery = 100

  /// The rule that turns gradients into steps.
  public var optimizer = OptimizerKind.adam

  /// How much of a step goes on into the next one; of meaning to the optimizers `sgd` and `rmsprop` only.
  public var momentum = 0.0

  /// What a step takes off each weight at a learning rate of 1; of meaning to the optimizer `adamw` only.
  public var weightDecay = 0.01

  /// The optimizer's step size, which may change in the course of the run.
  public var learningRate: Schedule = 0.005

  /// The step size of parameters that only a learnt value depends on, where ``learningRate`` is largest; nothing for the same.
  ///
  /// They follow the same schedule.
  public var valueLearningRate: Double?

  /// The norm to which longer gradients are shortened; infinite for none.
  public var maximumGradientNorm = Double.infinity

  // MARK: Run

  /// How many environment steps to train for, over all environments together.
  public var totalSteps = 4_000_000

  /// The mean return that ends training early, or nothing to train for all steps.
  public var untilReturn: Double?

  /// The root of every random stream, or nothing to have one drawn and printed.
  public var seed: UInt64?

  /// The directory for what the run leaves, or nothing to have one named under `runs/`.
  public var runDirectory: String?

  /// How many environment steps lie between evaluations; 0 for no evaluation.
  public var evaluateEvery = 25_000

  /// How many episodes one evaluation plays.
  public var evaluationEpisodes = 20

  /// True if evaluations draw actions from the policy instead of taking the likeliest one.
  public var evaluationSamples = false

  /// Values of the environment's parameters in evaluations, or nothing for those of training.
  public var evaluationArguments: String?

  /// The step at which an evaluated episode is cut off; `registered` for as in training.
  public var evaluationEpisodeSteps = EpisodeLimit.registered

  /// How many environment steps lie between saves, 0 for one at the end alone, or nothing for as often as saving takes a
  /// hundredth of the time.
  public var saveEvery: Int?

  /// How many of the saved parameters are kept besides the last and the best.
  public var keptCheckpoints = 0

  /// Creates the default configuration.
  public init() { self.init(.reinforce) }

  /// Creates the configuration that is the default for an algorithm.
  public init(_ algorithm: Algorithm) {
    self.algorithm = algorithm
    adopt(algorithm)
  }

  /// How many updates the weights that collect stay behind those that learn, where that is fixed.
  ///
  /// Nothing for the asynchronous pool, whose lag is measured instead. Where ``policyLag`` is not given:
  /// 0 in this process, 1 for one double-buffered worker, and for a deterministic pool the number of
  /// updates that one round of fragments makes, so that all workers collect while the learner learns;
  /// but no more than ``maximumPolicyLag``.
  public var fixedPolicyLag: Int? {
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

/// Where experience is collected.
public enum CollectorKind: String, Sendable, CaseIterable {
  /// In the learner's own process, between updates.
  case same
  /// In one worker process, in lockstep with the learner over two fragments.
  case single
  /// In many worker processes that share a pool of fragments.
  case multi
}

/// The rule that turns gradients into steps.
public enum OptimizerKind: String, Sendable, CaseIterable {
  /// Adam, with bias correction.
  case adam
  /// Adam with a weight decay that is not part of the gradient.
  case adamw
  /// Gradient descent, with momentum if asked for.
  case sgd
  /// RMSProp, with momentum if asked for.
  case rmsprop
}
