import Rollout

extension TrainingConfiguration {
  /// The options of a training run, in the order of the help screen and of `config.json`.
  package static let settings: [Setting<TrainingConfiguration>] =
    environmentSettings + collectionSettings + networkSettings + learningSettings + runSettings

  private static let environmentSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "env", "NAME", \.environment.id, .text, in: .environment,
      "Environment to train on; '\(ProgramName.shown) envs' lists them."),
    .environmentArguments(\.environment.arguments, in: .environment),
    .episodeLimit(\.environment.limit, in: .environment),
    .python(\.environment.python, in: .environment),
    .information(\.environment.information, in: .environment),
    .gymnasiumWrappers(\.environment.gymnasiumWrappers, in: .environment),
    .wrappers(\.wrappers, in: .environment),
    .actionBounds(\.environment.actionBounds, in: .environment),
  ]

  private static let collectionSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "collector", "same|single|multi", \.collector, .choice, in: .collection,
      "Collect in this process, in one worker process, or in many."),
    Setting(
      "actors", "N", \.actorCount, .integer, in: .collection,
      "Worker processes, for --collector multi."),
    Setting(
      "envs-per-actor", "N", \.environmentsPerActor, .integer, in: .collection,
      "Environments per worker, stepped as one batch."),
    Setting(
      "fragment-steps", "N", \.fragmentSteps, .integer, in: .collection,
      "Steps of each environment in one fragment."),
    Setting(
      "buffers", "N", \.bufferCount, .integer, in: .collection,
      "Fragment buffers in shared memory, for --collector multi."),
    Setting(
      "fragments-per-batch", "N", \.fragmentsPerBatch, .integer, in: .collection,
      "Fragments in a training batch."),
    Setting(
      "deterministic", \.deterministic, in: .collection,
      "Take fragments in worker order with a fixed lag: the same seed gives the same weights bit "
        + "for bit."),
    Setting(
      "lag", "N|auto", \.policyLag, .optional(.integer, orWord: "auto"), in: .collection,
      "Policy lag in updates, if it is fixed (same, single, --deterministic); auto is 0 for same, "
        + "1 for single, actors / fragments per batch for multi, but at most --max-lag."),
    Setting(
      "max-lag", "N|none", \.maximumPolicyLag, .optional(.integer, orWord: "none"),
      in: .collection,
      "Largest policy lag in updates: workers wait, and fragments with a larger lag are dropped."),
    Setting(
      "sticky", \.sticky, in: .collection,
      "Keep an environment at its reset state after its episode until the fragment ends."),
    .hangTimeout(\.environment.hangTimeoutSeconds, in: .collection, "Kill and replace a worker"),
    .closeTimeout(\.environment.closeTimeoutSeconds, in: .collection),
  ]

  private static let networkSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "inputs", "NAME,...", \.networkInputs, .choices(), in: .network,
      "Inputs of the network in the given order: some of obs, act, rew, fin, stepno."),
    Setting(
      "integer-inputs", "embedding|one-hot|bits|joint", \.integerInputs, .choice, in: .network,
      "Encoding of discrete inputs: a learned embedding, a one-hot vector, the bits of the number, "
        + "or a one-hot vector of all combinations of the choices."),
    Setting(
      "embedding-size", "N", \.embeddingSize, .integer, in: .network,
      "Size of the embedding of a discrete input, and of stepno."),
    Setting(
      "torso", "mlp|nature", \.torso, .choice, in: .network,
      "Layers before the hidden ones: none (mlp), or the convolutions of DQN for images (nature)."),
    Setting(
      "hidden", "N,...|none|auto", \.hiddenSizes, .optional(.layerSizes, orWord: "auto"),
      in: .network,
      "Units of each hidden layer, first to last; auto is 32 with mlp and 512 with nature."),
    Setting(
      "activation", "relu|elu|tanh|silu|gelu|identity", \.activation, .choice, in: .network,
      "Activation function of each hidden layer."),
    Setting(
      "recurrent", "none|lstm|gru", \.recurrent, .choice, in: .network,
      "Recurrent core after the hidden layers; with sac and td3 before the last of them."),
    Setting(
      "recurrent-size", "N", \.recurrentSize, .integer, in: .network,
      "Units of each recurrent layer."),
    Setting(
      "recurrent-layers", "N", \.recurrentLayers, .integer, in: .network,
      "Number of stacked recurrent layers."),
    Setting(
      "shared-torso", off: "separate-torsos", \.sharedTorso, in: .network,
      "Share a torso between policy and value heads, or give each its own."),
    Setting(
      "init", "pytorch|orthogonal", \.initialization, .choice, in: .network,
      "Initial weights: PyTorch's default for each layer, or orthogonal with the gains of PPO."),
    Setting(
      "initial-deviation", "X", \.initialDeviation, .number, in: .network,
      "Standard deviation of the actions of a Box before anything is learned."),
  ]

  private static let runSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "steps", "N", \.totalSteps, .integer, in: .run,
      "Environment steps to train for, over all environments; the last batch may exceed them by "
        + "less than its own steps."),
    Setting(
      "until-return", "R|none", \.untilReturn, .optional(.number, orWord: "none"), in: .run,
      "Stop as soon as an evaluation's mean return reaches R and further episodes confirm it."),
    Setting(
      "seed", "N|random", \.seed, .optional(.integer, orWord: "random"), in: .run,
      "Seed of all random streams; random draws one and prints it."),
    Setting(
      "run-dir", "DIR|auto", \.runDirectory, .optional(.text, orWord: "auto"), in: .run,
      "Directory for the run's files; auto names one under runs/."),
    Setting(
      "eval-every", "N|Ns|Nu", \.evaluateEvery, .evaluationInterval, in: .run,
      "Interval between evaluations: N environment steps, N seconds, or N updates; 0 for none."),
    Setting(
      "eval-workers", "N|auto", \.evaluationWorkers, .optional(.integer, orWord: "auto"), in: .run,
      "Processes that evaluate while training goes on; with 0 training waits for evaluations. auto "
        + "is 1, but 0 with --deterministic, --collector same, or one processor."),
    Setting(
      "eval-episodes", "N", \.evaluationEpisodes, .integer, in: .run,
      "Episodes per evaluation."),
    Setting(
      "eval-sample", off: "eval-greedy", \.evaluationSamples, in: .run,
      "Sample actions in evaluations, as in training, or take the most likely one."),
    Setting(
      "eval-env-args", "NAME=VALUE,...|default", \.evaluationArguments,
      .optional(.text, orWord: "default"), in: .run,
      "Values of the environment's parameters in evaluations; by default those of training."),
    Setting(
      "eval-episode-steps", "default|none|N", \.evaluationEpisodeSteps, .episodeLimit, in: .run,
      "Truncate episodes of evaluations as in training, never, or after N steps."),
    Setting(
      "learner-threads", "N|auto", \.learnerThreads, .optional(.integer, orWord: "auto"), in: .run,
      "Threads that compute large updates, with the same bytes for any number; auto is one for "
        + "each processor, at most 8, while they are faster than one alone."),
    Setting(
      "save-every", "N|auto", \.saveEvery, .optional(.integer, orWord: "auto"), in: .run,
      "Environment steps between saves, from which --resume continues; 0 saves only at the end, "
        + "auto so often that saving takes 1 % of the time."),
    Setting(
      "keep-checkpoints", "N", \.keptCheckpoints, .integer, in: .run,
      "Saved checkpoints to keep besides the last and the best."),
    Setting(
      "log", "NAME,...|none", \.metricsFiles, .choices(orWord: "none"), in: .run,
      "Files of metrics in the run's directory: some of jsonl, csv, tensorboard."),
    Setting(
      "log-every", "N|Nu|Ns", \.metricsInterval, .metricsInterval, in: .run,
      "Interval between records of metrics: N updates, or N seconds."),
    Setting(
      "log-gradients", \.recordsLayerGradients, in: .run,
      "Record the norm of the gradient of each layer."),
  ]

  /// The options that may change when a run is resumed; they do not affect learning.
  ///
  /// See `docs/resuming.md`.
  package static let resumableSettings: Set<String> = [
    "python", "hang-timeout", "close-timeout", "steps", "until-return", "eval-every",
    "eval-workers", "learner-threads", "save-every", "keep-checkpoints", "log", "log-every",
    "log-gradients",
  ]
}
