extension TrainingConfiguration {
  /// The options of learning, in the order of the help screen.
  static let learningSettings: [Setting<TrainingConfiguration>] = [
    Setting(
      "algorithm", Algorithm.allCases.map(\.name).joined(separator: "|"), \.algorithm, .choice,
      in: .learning,
      "Learning algorithm; it sets the defaults of other options."),
    Setting("gamma", "X", \.gamma, .number, in: .learning, "Discount factor of future rewards."),
    Setting(
      "entropy-cost", "X|SCHEDULE", \.entropyCost, .schedule, in: .learning,
      "Weight of the entropy bonus in the loss: a number or a schedule, as for --learning-rate."),
    Setting(
      "baseline", "none|mean|value", \.baseline, .choice, in: .learning,
      "Baseline subtracted from returns: none, their mean over the batch at each step, or the "
        + "network's value estimate."),
    Setting(
      "value-cost", "X", \.valueCost, .number, in: .learning,
      "Weight of the squared value error in the loss, if a value is learned."),
    Setting(
      "bootstrap", "actor|learner", \.bootstrap, .choice, in: .learning,
      "Source of the value estimate of the state after a fragment: the actor that collected it, "
        + "or the learner with its newer weights."),
    Setting(
      "lambda", "X", \.lambda, .number, in: .learning,
      "Decay of advantage estimates, from 0 (one-step errors) to 1 (full returns)."),
    Setting(
      "normalize-advantages", \.normalizeAdvantages, in: .learning,
      "Normalize advantages, or REINFORCE's returns, to mean 0 and standard deviation 1."),
    Setting(
      "normalize-over", "minibatch|batch", \.normalizationScope, .choice, in: .learning,
      "Steps whose mean and deviation normalize advantages: those of each minibatch, or those of "
        + "the batch before the first pass."),
    Setting(
      "normalize-returns", \.normalizeReturns, in: .learning,
      "A2C from whole episodes: their returns, normalized within each episode, are the targets of "
        + "the value and, minus it, the advantages; with --sticky."),
    Setting(
      "rho-clip", "X", \.rhoClip, .number, in: .learning,
      "Upper limit of importance weights; inf for none."),
    Setting(
      "trace-clip", "X", \.traceClip, .number, in: .learning,
      "Upper limit of the weights that carry V-trace's errors back; inf for none."),
    Setting(
      "clip", "X|SCHEDULE", \.clip, .schedule, in: .learning,
      "Distance of PPO's probability ratio from 1 at which the objective is clipped: a number or a "
        + "schedule, as for --learning-rate."),
    Setting(
      "value-clip", "X", \.valueClip, .number, in: .learning,
      "Limit on the change of PPO's value estimate from the recorded one; inf for none."),
    Setting(
      "epochs", "N", \.epochs, .integer, in: .learning, "Passes over each batch."),
    Setting(
      "minibatches", "N", \.minibatches, .integer, in: .learning,
      "Minibatches per pass."),
    Setting(
      "minibatch-size", "N|auto", \.minibatchSize, .optional(.integer, orWord: "auto"),
      in: .learning,
      "Environment steps of a minibatch, in place of --minibatches; a pass leaves out the steps "
        + "that fill none."),
    Setting(
      "minibatch-of", "environments|steps", \.minibatchUnit, .choice, in: .learning,
      "Parts of a batch that minibatches are drawn from: environments over all steps of a "
        + "fragment, or single steps, with advantages made once before the first pass."),
    Setting(
      "target-kl", "X", \.targetDivergence, .number, in: .learning,
      "Skip the rest of a batch once the policy's KL divergence from the behavior policy exceeds "
        + "1.5 times this value; inf for never."),
    Setting(
      "epsilon", "X|SCHEDULE", \.epsilon, .schedule, in: .learning,
      "Probability of a random action in Q-learning: a number or a schedule, as for "
        + "--learning-rate."),
    Setting(
      "double-q", \.doubleQ, in: .learning,
      "Double Q-learning: select actions by the trained network, evaluate them by the target one."),
    Setting(
      "dueling", \.dueling, in: .learning,
      "Q-learning's network has two streams: the value of a state, and the advantages of its "
        + "actions."),
    Setting(
      "replay-steps", "N", \.replaySteps, .integer, in: .learning,
      "Environment steps that the replay buffer holds."),
    Setting(
      "replay-batch", "N", \.replayBatch, .integer, in: .learning,
      "Environment steps that one update samples from the replay buffer, in whole fragments of an "
        + "environment."),
    Setting(
      "replay-priority", "X", \.replayPriority, .number, in: .learning,
      "Exponent of temporal-difference errors as priorities of the replay buffer: 0 draws "
        + "uniformly, 1 in proportion."),
    Setting(
      "replay-correction", "X|SCHEDULE", \.replayCorrection, .schedule, in: .learning,
      "Exponent of the importance weights that correct for --replay-priority: a number or a "
        + "schedule, as for --learning-rate."),
    Setting(
      "learning-starts", "N", \.learningStarts, .integer, in: .learning,
      "Environment steps before the first update from the replay buffer; sac and td3 act at random "
        + "until then."),
    Setting(
      "updates-per-batch", "N", \.updatesPerBatch, .integer, in: .learning,
      "Updates of Q-learning after each collected batch."),
    Setting(
      "updates-per-step", "X", \.updatesPerStep, .number, in: .learning,
      "Updates of sac and td3 for each environment step after --learning-starts."),
    Setting(
      "multi-step", "N", \.multiStep, .integer, in: .learning,
      "Rewards in a target of replay before the value of the state that follows; fewer at the end "
        + "of a fragment."),
    Setting(
      "target-every", "N", \.targetEvery, .integer, in: .learning,
      "Updates between those of Q-learning's target network."),
    Setting(
      "tau", "X", \.tau, .number, in: .learning,
      "Fraction of its distance to the trained network that a target network moves; 1 copies."),
    Setting(
      "temperature", "X", \.temperature, .number, in: .learning,
      "Weight of entropy beside return in sac, at first."),
    Setting(
      "learn-temperature", \.learnsTemperature, in: .learning,
      "Learn the temperature of sac, so that the mean entropy stays at the target."),
    Setting(
      "target-entropy", "X|auto", \.targetEntropy, .optional(.number, orWord: "auto"),
      in: .learning,
      "Mean entropy that the temperature is learned for: for a Box in nats, auto is -1 per "
        + "element; for n actions as a fraction of log n, auto is 0.98."),
    Setting(
      "policy-delay", "N", \.policyDelay, .integer, in: .learning,
      "Updates of td3's critics between those of its actor and target networks."),
    Setting(
      "exploration-noise", "X|SCHEDULE", \.explorationNoise, .schedule, in: .learning,
      "Deviation of the noise in td3's actions, in half ranges: a number or a schedule, as for "
        + "--learning-rate."),
    Setting(
      "target-noise", "X", \.targetNoise, .number, in: .learning,
      "Deviation of the noise of actions in td3's targets, in half ranges."),
    Setting(
      "target-noise-clip", "X", \.targetNoiseClip, .number, in: .learning,
      "Largest noise of an action in td3's targets, in half ranges."),
    Setting(
      "optimizer", "adam|adamw|sgd|rmsprop", \.optimizer, .choice, in: .learning,
      "Optimizer that applies the gradients."),
    Setting(
      "adam-epsilon", "X", \.adamEpsilon, .number, in: .learning,
      "Number added to the root in Adam's quotient, for adam and adamw."),
    Setting(
      "rmsprop-epsilon", "X", \.rmspropEpsilon, .number, in: .learning,
      "Number added to the root in RMSProp's quotient, for rmsprop."),
    Setting(
      "momentum", "X", \.momentum, .number, in: .learning,
      "Fraction of each step that is added to the next one, for sgd and rmsprop."),
    Setting(
      "weight-decay", "X", \.weightDecay, .number, in: .learning,
      "Fraction of each weight that a step removes at a learning rate of 1, for adamw."),
    Setting(
      "learning-rate", "X|SCHEDULE", \.learningRate, .schedule, in: .learning,
      "The optimizer's step size: a number, or linear:A:B, cosine:A:B or exponential:A:B, from A "
        + "to B over the run, or over N steps with :N appended."),
    Setting(
      "value-learning-rate", "X|same", \.valueLearningRate, .optional(.number, orWord: "same"),
      in: .learning,
      "Learning rate of parameters that affect only the value estimate, at the peak of "
        + "--learning-rate."),
    Setting(
      "max-grad-norm", "X", \.maximumGradientNorm, .number, in: .learning,
      "Norm to which larger gradients are clipped; inf for no limit."),
  ]
}
