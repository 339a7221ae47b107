import Rollout

extension TrainingConfiguration {
  /// The options of a training run, in the order of the help screen and of `config.json`.
  package static let settings: [Setting<TrainingConfiguration>] =
    environmentSettings + collectionSettings + networkSettings + learningSettings + runSettings

  private static let environmentSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "env", "NAME", \.environment.id, .text, in: .environment,
      "The environment to learn; 'rlplay envs' lists them."),
    .environmentArguments(\.environment.arguments, in: .environment),
    .episodeLimit(\.environment.limit, in: .environment),
    .python(\.environment.python, in: .environment),
    .wrappers(\.wrappers, in: .environment),
    .actionBounds(\.environment.actionBounds, in: .environment),
  ]

  private static let collectionSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "collector", "same|single|multi", \.collector, .choice, in: .collection,
      "Collect in this process, in one worker process, or in many."),
    Setting(
      "actors", "N", \.actorCount, .integer, in: .collection,
      "Worker processes of the collector multi."),
    Setting(
      "envs-per-actor", "N", \.environmentsPerActor, .integer, in: .collection,
      "Environments that each worker steps side by side."),
    Setting(
      "fragment-steps", "N", \.fragmentSteps, .integer, in: .collection,
      "Steps of each environment in one fragment."),
    Setting(
      "buffers", "N", \.bufferCount, .integer, in: .collection,
      "Fragments in shared memory, for the collector multi."),
    Setting(
      "fragments-per-batch", "N", \.fragmentsPerBatch, .integer, in: .collection,
      "Fragments that one update learns from."),
    Setting(
      "deterministic", \.deterministic, in: .collection,
      "Take fragments in worker order and hold the lag, so that one seed gives the same weights "
        + "bit for bit."),
    Setting(
      "lag", "N|auto", \.policyLag, .optional(.integer, orWord: "auto"), in: .collection,
      "Updates that collecting stays behind learning, where that is fixed; auto is 0 for same, "
        + "1 for single, actors / fragments per batch for multi, but at most --max-lag."),
    Setting(
      "max-lag", "N|none", \.maximumPolicyLag, .optional(.integer, orWord: "none"),
      in: .collection,
      "Updates that collecting may be behind learning: workers wait, and older fragments are dropped."
    ),
    Setting(
      "sticky", \.sticky, in: .collection,
      "Leave an environment whose episode ended at its reset state until the fragment ends."),
    .hangTimeout(\.environment.patience, in: .collection, "Kill and replace a worker"),
    .closeTimeout(\.environment.closePatience, in: .collection),
  ]

  private static let networkSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "inputs", "NAME,...", \.networkInputs, .choices(), in: .network,
      "What the network sees, in this order: some of obs, act, rew, fin, stepno."),
    Setting(
      "integer-inputs", "embedding|one-hot|bits", \.integerInputs, .choice, in: .network,
      "How a choice among several becomes numbers: a learned row of a table, a 1 in its place, "
        + "or its bits."),
    Setting(
      "embedding-size", "N", \.embeddingSize, .integer, in: .network,
      "Numbers that an embedding gives for a choice, and for stepno."),
    Setting(
      "torso", "mlp|nature", \.torso, .choice, in: .network,
      "What comes before the hidden layers: nothing, or the convolutions of DQN for images."),
    Setting(
      "hidden", "N,...|none|auto", \.hiddenSizes, .optional(.layerSizes, orWord: "auto"),
      in: .network,
      "Units of each hidden layer, first to last; auto is 32 with mlp and 512 with nature."),
    Setting(
      "activation", "relu|elu|tanh|silu|gelu|identity", \.activation, .choice, in: .network,
      "What follows each hidden layer."),
    Setting(
      "recurrent", "none|lstm|gru", \.recurrent, .choice, in: .network,
      "What the network remembers with, behind the hidden layers."),
    Setting(
      "recurrent-size", "N", \.recurrentSize, .integer, in: .network,
      "Units of each recurrent layer."),
    Setting(
      "recurrent-layers", "N", \.recurrentLayers, .integer, in: .network,
      "Recurrent layers that stand on each other."),
    Setting(
      "shared-torso", off: "separate-torsos", \.sharedTorso, in: .network,
      "Whether a value that is learned goes by the features that actions are chosen by, or by "
        + "layers of its own."),
    Setting(
      "init", "pytorch|orthogonal", \.initialization, .choice, in: .network,
      "First weights: PyTorch's default for each layer, or orthogonal with the gains of PPO."),
  ]

  private static let runSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "steps", "N", \.totalSteps, .integer, in: .run,
      "Environment steps to train for, over all environments; the last batch may exceed them by less "
        + "than its own steps."),
    Setting(
      "until-return", "R|none", \.untilReturn, .optional(.number, orWord: "none"), in: .run,
      "Stop as soon as an evaluation's mean return reaches R and further episodes confirm it."),
    Setting(
      "seed", "N|random", \.seed, .optional(.integer, orWord: "random"), in: .run,
      "Root of every random stream; random draws one and prints it."),
    Setting(
      "run-dir", "DIR|auto", \.runDirectory, .optional(.text, orWord: "auto"), in: .run,
      "Directory for what the run leaves; auto names one under runs/."),
    Setting(
      "eval-every", "N", \.evaluateEvery, .integer, in: .run,
      "Environment steps between evaluations; 0 for none."),
    Setting(
      "eval-episodes", "N", \.evaluationEpisodes, .integer, in: .run,
      "Episodes that one evaluation plays."),
    Setting(
      "eval-sample", off: "eval-greedy", \.evaluationSamples, in: .run,
      "Draw actions in evaluations, as training does, and do not take the likeliest one."),
    Setting(
      "eval-env-args", "NAME=VALUE,...|default", \.evaluationArguments,
      .optional(.text, orWord: "default"), in: .run,
      "Values of the environment's parameters in evaluations; by default those of training."),
    Setting(
      "eval-episode-steps", "default|none|N", \.evaluationEpisodeSteps, .episodeLimit, in: .run,
      "Cut evaluated episodes off as in training, never, or after N steps."),
    Setting(
      "save-every", "N|auto", \.saveEvery, .optional(.integer, orWord: "auto"), in: .run,
      "Environment steps between saves, from which --resume goes on; 0 for the end alone, auto for as "
        + "often as saving takes 1 % of the time."),
    Setting(
      "keep-checkpoints", "N", \.keptCheckpoints, .integer, in: .run,
      "How many saved checkpoints to keep besides the last and the best."),
  ]

  /// The options that may change when a run is resumed; they do not affect learning.
  ///
  /// See `docs/resuming.md`.
  package static let resumableSettings: Set<String> = [
    "python", "hang-timeout", "close-timeout", "steps", "until-return", "eval-every", "save-every",
    "keep-checkpoints",
  ]
}
