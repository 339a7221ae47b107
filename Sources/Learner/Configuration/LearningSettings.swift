extension TrainingConfiguration {
  /// The options of learning, in the order of the help screen.
  static let learningSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "algorithm", "reinforce|a2c|ppo|vtrace|appo|dqn", \.algorithm, .choice, in: .learning,
      "What is learned from batches; what other options are by default depends on it."),
    Setting("gamma", "X", \.gamma, .number, in: .learning, "Discount of future rewards."),
    Setting(
      "entropy-cost", "X|SCHEDULE", \.entropyCost, .schedule, in: .learning,
      "Weight of the entropy bonus in the loss: a number or a schedule, as for --learning-rate."),
    Setting(
      "baseline", "none|mean|value", \.baseline, .choice, in: .learning,
      "What returns are compared with: nothing, their mean over the batch at each step, or a value "
        + "that the network learns."),
    Setting(
      "value-cost", "X", \.valueCost, .number, in: .learning,
      "Weight of the value's squared error in the loss, for the baseline value."),
    Setting(
      "bootstrap", "actor|learner", \.bootstrap, .choice, in: .learning,
      "Who says what the state behind a fragment is worth: the actor that collected it, or the "
        + "learner with its newer weights."),
    Setting(
      "lambda", "X", \.lambda, .number, in: .learning,
      "How far advantages trust rewards more than values, 0 to 1."),
    Setting(
      "normalize-advantages", \.normalizeAdvantages, in: .learning,
      "Bring advantages, or REINFORCE's returns, to mean 0 and deviation 1."),
    Setting(
      "rho-clip", "X", \.rhoClip, .number, in: .learning,
      "Upper limit of importance weights; inf for none."),
    Setting(
      "trace-clip", "X", \.traceClip, .number, in: .learning,
      "Upper limit of the weights with which V-trace carries errors back; inf for none."),
    Setting(
      "clip", "X", \.clip, .number, in: .learning,
      "How far PPO's ratio may move from 1 before nothing more is gained by it."),
    Setting(
      "value-clip", "X", \.valueClip, .number, in: .learning,
      "How far PPO's value may move from what was recorded; inf for any."),
    Setting(
      "epochs", "N", \.epochs, .integer, in: .learning, "Passes over each batch."),
    Setting(
      "minibatches", "N", \.minibatches, .integer, in: .learning,
      "Parts of a pass, of whole environments each."),
    Setting(
      "target-kl", "X", \.targetDivergence, .number, in: .learning,
      "Leave the rest of a batch alone once policies are 1.5 times so far apart; inf for never."),
    Setting(
      "epsilon", "X|SCHEDULE", \.epsilon, .schedule, in: .learning,
      "Chance of an action at random in Q-learning: a number or a schedule, as for "
        + "--learning-rate."),
    Setting(
      "double-q", \.doubleQ, in: .learning,
      "Let the trained network choose the action that Q-learning's target network values."),
    Setting(
      "replay-steps", "N", \.replaySteps, .integer, in: .learning,
      "Environment steps that Q-learning keeps."),
    Setting(
      "replay-batch", "N", \.replayBatch, .integer, in: .learning,
      "Environment steps that one update of Q-learning draws, in whole fragments of an environment."
    ),
    Setting(
      "learning-starts", "N", \.learningStarts, .integer, in: .learning,
      "Environment steps before Q-learning's first update."),
    Setting(
      "updates-per-batch", "N", \.updatesPerBatch, .integer, in: .learning,
      "Updates of Q-learning that follow each batch."),
    Setting(
      "target-every", "N", \.targetEvery, .integer, in: .learning,
      "Updates between copies to Q-learning's target network."),
    Setting(
      "optimizer", "adam|adamw|sgd|rmsprop", \.optimizer, .choice, in: .learning,
      "The rule that turns gradients into steps."),
    Setting(
      "momentum", "X", \.momentum, .number, in: .learning,
      "How much of a step goes on into the next one, for sgd and rmsprop."),
    Setting(
      "weight-decay", "X", \.weightDecay, .number, in: .learning,
      "What a step takes off each weight at a learning rate of 1, for adamw."),
    Setting(
      "learning-rate", "X|SCHEDULE", \.learningRate, .schedule, in: .learning,
      "The optimizer's step size: a number, or linear:A:B, cosine:A:B or exponential:A:B, from A to "
        + "B over the run, or with :N behind it over N steps."),
    Setting(
      "value-learning-rate", "X|same", \.valueLearningRate, .optional(.number, orWord: "same"),
      in: .learning,
      "Step size of the parameters that only a learned value depends on, where --learning-rate is "
        + "largest."),
    Setting(
      "max-grad-norm", "X", \.maximumGradientNorm, .number, in: .learning,
      "Norm to which longer gradients are shortened; inf for none."),
  ]

  /// The algorithms that use an option; options that all algorithms use are absent.
  static let users: [String: [Algorithm]] = {
    let critics: [Algorithm] = [.a2c, .ppo, .vtrace, .appo]
    let policies = [.reinforce] + critics
    let proximal: [Algorithm] = [.ppo, .appo]
    return [
      "entropy-cost": policies, "baseline": [.reinforce], "bootstrap": policies, "lambda": critics,
      "normalize-advantages": policies, "rho-clip": [.reinforce, .vtrace, .appo],
      "trace-clip": [.vtrace, .appo], "clip": proximal, "value-clip": proximal,
      "value-cost": policies, "epochs": policies, "minibatches": policies,
      "target-kl": critics, "epsilon": [.dqn], "double-q": [.dqn], "replay-steps": [.dqn],
      "replay-batch": [.dqn], "learning-starts": [.dqn], "updates-per-batch": [.dqn],
      "target-every": [.dqn], "value-learning-rate": policies, "sticky": policies,
      "recurrent": policies, "shared-torso": policies,
    ]
  }()
}
