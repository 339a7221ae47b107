import Actor
import Foundation
import Learner
import Rollout
import Testing

struct TrainingSettingsTests {
  typealias Configuration = TrainingConfiguration

  /// A text for every option that differs from its default, and a check of the field it sets.
  static let samples: [(name: String, text: String, isSet: @Sendable (Configuration) -> Bool)] = [
    ("env", "Acrobot-v1", { $0.environment == "Acrobot-v1" }),
    ("env-args", "size=8,goal=4", { $0.environment.arguments == "size=8,goal=4" }),
    ("max-episode-steps", "none", { $0.environment.limit == .unlimited }),
    ("max-episode-steps", "300", { $0.environment.limit == .steps(300) }),
    ("python", "venv/bin/python3", { $0.environment.python == "venv/bin/python3" }),
    ("info", "is_success,reward.x", { $0.environment.information == ["is_success", "reward.x"] }),
    (
      "gym-wrap", "a.B:c=1,d=[2,3],e:F",
      { $0.environment.gymnasiumWrappers == ["a.B:c=1,d=[2,3]", "e:F"] }
    ),
    ("wrap", "frame-stack=4", { $0.environment.wrappers == [.frameStack(4)] }),
    (
      "wrap", "observation-mask=0,2,frame-stack=4,reward-sign",
      {
        $0.environment.wrappers == [
          .observationMask(keeping: [0, 2]), .frameStack(4), .rewardSign,
        ]
      }
    ),
    ("action-bounds", "clip", { $0.environment.actionBounds == .clip }),
    ("collector", "single", { $0.collector == .single }),
    ("actors", "3", { $0.actorCount == 3 }),
    ("envs-per-actor", "64", { $0.environmentsPerActor == 64 }),
    ("fragment-steps", "10", { $0.fragmentSteps == 10 }),
    ("buffers", "48", { $0.bufferCount == 48 }),
    ("fragments-per-batch", "4", { $0.fragmentsPerBatch == 4 }),
    ("deterministic", "true", { $0.deterministic }),
    ("lag", "5", { $0.policyLag == 5 }),
    ("max-lag", "2", { $0.maximumPolicyLag == 2 }),
    ("sticky", "true", { $0.sticky }),
    ("hang-timeout", "2.5", { $0.environment.hangTimeoutSeconds == 2.5 }),
    ("hang-timeout", "none", { $0.environment.hangTimeoutSeconds == nil }),
    ("close-timeout", "0.5", { $0.environment.closeTimeoutSeconds == 0.5 }),
    ("close-timeout", "none", { $0.environment.closeTimeoutSeconds == nil }),
    ("inputs", "stepno,rew,obs", { $0.networkInputs == [.stepno, .rew, .obs] }),
    ("integer-inputs", "one-hot", { $0.integerInputs == .oneHot }),
    ("embedding-size", "16", { $0.embeddingSize == 16 }),
    ("torso", "nature", { $0.torso == .nature }),
    ("hidden", "64,32", { $0.hiddenSizes == [64, 32] }),
    ("hidden", "none", { $0.hiddenSizes == [] }),
    ("activation", "gelu", { $0.activation == .gelu }),
    ("recurrent", "gru", { $0.recurrent == .gru }),
    ("recurrent-size", "128", { $0.recurrentSize == 128 }),
    ("recurrent-layers", "2", { $0.recurrentLayers == 2 }),
    ("shared-torso", "true", { $0.sharedTorso }),
    ("init", "orthogonal", { $0.initialization == .orthogonal }),
    ("initial-deviation", "0.5", { $0.initialDeviation == 0.5 }),
    ("gamma", "0.9", { $0.gamma == 0.9 }),
    ("entropy-cost", "1e-5", { $0.entropyCost == 1e-5 }),
    (
      "entropy-cost", "exponential:0.1:1e-3:5000",
      { $0.entropyCost == .exponential(from: 0.1, to: 0.001, steps: 5000) }
    ),
    ("baseline", "none", { $0.baseline == .none }),
    ("baseline", "mean", { $0.baseline == .mean }),
    ("value-cost", "0.25", { $0.valueCost == 0.25 }),
    ("algorithm", "appo", { $0.algorithm == .appo }),
    ("bootstrap", "learner", { $0.bootstrap == .learner }),
    ("lambda", "0.95", { $0.lambda == 0.95 }),
    ("normalize-advantages", "true", { $0.normalizeAdvantages }),
    ("normalize-over", "batch", { $0.normalizationScope == .batch }),
    ("normalize-returns", "true", { $0.normalizeReturns }),
    ("rho-clip", "inf", { $0.rhoClip == .infinity }),
    ("trace-clip", "2", { $0.traceClip == 2 }),
    ("clip", "0.1", { $0.clip == 0.1 }),
    ("clip", "linear:0.2:0", { $0.clip == .linear(from: 0.2, to: 0) }),
    ("value-clip", "10", { $0.valueClip == 10 }),
    ("epochs", "4", { $0.epochs == 4 }),
    ("minibatches", "8", { $0.minibatches == 8 }),
    ("minibatch-size", "64", { $0.minibatchSize == 64 }),
    ("minibatch-of", "steps", { $0.minibatchUnit == .steps }),
    ("target-kl", "0.02", { $0.targetDivergence == 0.02 }),
    ("epsilon", "0.1", { $0.epsilon == .constant(0.1) }),
    ("double-q", "false", { !$0.doubleQ }),
    ("dueling", "true", { $0.dueling }),
    ("replay-steps", "1e6", { $0.replaySteps == 1_000_000 }),
    ("replay-batch", "32", { $0.replayBatch == 32 }),
    ("replay-priority", "0.6", { $0.replayPriority == 0.6 }),
    ("replay-correction", "0.5", { $0.replayCorrection == .constant(0.5) }),
    ("learning-starts", "0", { $0.learningStarts == 0 }),
    ("updates-per-batch", "4", { $0.updatesPerBatch == 4 }),
    ("updates-per-step", "0.5", { $0.updatesPerStep == 0.5 }),
    ("multi-step", "3", { $0.multiStep == 3 }),
    ("target-every", "500", { $0.targetEvery == 500 }),
    ("tau", "0.005", { $0.tau == 0.005 }),
    ("temperature", "0.2", { $0.temperature == 0.2 }),
    ("learn-temperature", "false", { !$0.learnsTemperature }),
    ("target-entropy", "-3", { $0.targetEntropy == -3 }),
    ("policy-delay", "3", { $0.policyDelay == 3 }),
    (
      "exploration-noise", "linear:0.3:0.1",
      { $0.explorationNoise == .linear(from: 0.3, to: 0.1) }
    ),
    ("target-noise", "0", { $0.targetNoise == 0 }),
    ("target-noise-clip", "0.25", { $0.targetNoiseClip == 0.25 }),
    ("optimizer", "sgd", { $0.optimizer == .sgd }),
    ("adam-epsilon", "1e-5", { $0.adamEpsilon == 1e-5 }),
    ("rmsprop-epsilon", "1e-5", { $0.rmspropEpsilon == 1e-5 }),
    ("momentum", "0.9", { $0.momentum == 0.9 }),
    ("weight-decay", "0.1", { $0.weightDecay == 0.1 }),
    ("learning-rate", "0.1", { $0.learningRate == 0.1 }),
    ("learning-rate", "linear:0.01:0", { $0.learningRate == .linear(from: 0.01, to: 0) }),
    ("value-learning-rate", "0.02", { $0.valueLearningRate == 0.02 }),
    ("max-grad-norm", "0.25", { $0.maximumGradientNorm == 0.25 }),
    ("steps", "1_000_000", { $0.totalSteps == 1_000_000 }),
    ("until-return", "-100", { $0.untilReturn == -100 }),
    ("seed", "18446744073709551615", { $0.seed == .max }),
    ("run-dir", "a \"b\"\\\n", { $0.runDirectory == "a \"b\"\\\n" }),
    ("eval-every", "0", { $0.evaluateEvery == 0 }),
    ("eval-workers", "2", { $0.evaluationWorkers == 2 }),
    ("eval-episodes", "7", { $0.evaluationEpisodes == 7 }),
    ("eval-sample", "true", { $0.evaluationSamples }),
    ("eval-env-args", "depth=3", { $0.evaluationArguments == "depth=3" }),
    ("eval-episode-steps", "500", { $0.evaluationEpisodeSteps == .steps(500) }),
    ("learner-threads", "3", { $0.learnerThreads == 3 }),
    ("save-every", "1e4", { $0.saveEvery == 10_000 }),
    ("keep-checkpoints", "3", { $0.keptCheckpoints == 3 }),
    ("log", "csv,jsonl", { $0.metricsFiles == [.csv, .jsonl] }),
    ("log", "none", { $0.metricsFiles.isEmpty }),
    ("log-every", "1", { $0.metricsInterval == .updates(1) }),
    ("log-every", "2.5s", { $0.metricsInterval == .seconds(2.5) }),
    ("log-gradients", "true", { $0.recordsLayerGradients }),
  ]

  func setting(_ name: String) throws -> Setting<Configuration> {
    try #require(Configuration.settings.first { $0.name == name })
  }

  @Test(arguments: samples.indices)
  func `an option reaches its field and comes back from JSON`(index: Int) throws {
    let sample = Self.samples[index]
    var configuration = Configuration()
    try setting(sample.name).write(&configuration, sample.text)
    #expect(sample.isSet(configuration))
    #expect(configuration != Configuration())
    let returned = try Configuration(json: configuration.json())
    #expect(returned == configuration)
    // The text on help screens stands for the same value.
    var again = Configuration()
    try setting(sample.name).write(&again, setting(sample.name).read(configuration).text)
    #expect(again == configuration)
  }

  @Test func `every option has a sample`() {
    #expect(Set(Self.samples.map(\.name)) == Set(Configuration.settings.map(\.name)))
  }

  @Test func `no two options share a name, and none reads as a negation`() {
    let names = Configuration.settings.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(!names.contains { $0.hasPrefix("no-") || $0 == "help" || $0 == "about" })
  }

  @Test func `every field has an option`() {
    // One field is the environment. It has an option for each of its own fields but
    // `rendersPictures`, which the command sets, and `mujoco`, which the learner finds out. Three
    // fields are the end of the list of `wrap`.
    let fields = Mirror(reflecting: Configuration()).children.count - 1 - 3
    let parts = Mirror(reflecting: Configuration().environment).children.count - 2
    #expect(fields + parts == Configuration.settings.count)
  }

  @Test func `what may be given anew on resuming are options`() {
    let names = Configuration.settings.map(\.name)
    #expect(Configuration.resumableSettings.isSubset(of: names))
  }

  @Test func `every help text is a sentence`() {
    for setting in Configuration.settings {
      #expect(setting.help.hasSuffix("."), "\(setting.name)")
    }
  }

  @Test(arguments: [
    ("16", 16), ("1_000_000", 1_000_000), ("1e6", 1_000_000), ("2.5e3", 2500), ("-3", -3),
    ("9223372036854775807", Int.max),
  ])
  func `whole numbers are read as people write them`(text: String, value: Int) {
    #expect(SettingFormat<Int>.integer.parse(text) == value)
  }

  @Test(arguments: [
    "", "x", "1.5", "1e-1", "_1", "1_", "1__0", "1e300", "nan", "inf", "1e17", "4M",
  ])
  func `what is no whole number is not read as one`(text: String) {
    #expect(SettingFormat<Int>.integer.parse(text) == nil)
  }

  @Test(arguments: [
    ("inf", Double.infinity), ("-inf", -.infinity), ("1_0.5", 10.5), ("1e-3", 0.001),
  ])
  func `numbers may be infinite`(text: String, value: Double) {
    #expect(SettingFormat<Double>.number.parse(text) == value)
  }

  @Test(arguments: [
    (
      "actors", "sixteen",
      "--actors sixteen is not a whole number: write it like 16, 1_000_000 or 1e6."
    ),
    ("actors", "", "--actors '' is not a whole number: write it like 16, 1_000_000 or 1e6."),
    ("seed", "-1", "--seed -1 is negative: write a whole number from 0 to 18446744073709551615."),
    ("gamma", "nan", "--gamma nan is not a number: write it like 0.5, 1e-3 or inf."),
    ("collector", "mutli", "--collector mutli is none of same, single, multi. Did you mean multi?"),
    ("collector", "what", "--collector what is none of same, single, multi."),
    (
      "hidden", "32,",
      "--hidden 32, is not a list of whole numbers: write it like 32 or 64,64, or none for no "
        + "layer."
    ),
    (
      "inputs", "obs,ract",
      "--inputs obs,ract names 'ract', which is none of obs, act, rew, fin, stepno. "
        + "Did you mean act?"
    ),
    (
      "inputs", "obs,zebra,act",
      "--inputs obs,zebra,act names 'zebra', which is none of obs, act, rew, fin, stepno."
    ),
    ("inputs", "obs,", "--inputs obs, names '', which is none of obs, act, rew, fin, stepno."),
    ("inputs", "", "--inputs '' names nothing: use some of obs, act, rew, fin, stepno."),
    ("inputs", "act,obs,act", "--inputs act,obs,act names act more than once: name it once."),
    (
      "integer-inputs", "onehot",
      "--integer-inputs onehot is none of embedding, one-hot, bits, joint. Did you mean one-hot?"
    ),
    (
      "max-episode-steps", "some",
      "--max-episode-steps some is neither default, none nor a whole number such as 500."
    ),
    ("run-dir", "", "--run-dir '' is empty."),
    (
      "learning-rate", "cosin:1:0",
      "--learning-rate cosin:1:0 is neither a number nor a schedule: write it like 0.005, "
        + "linear:0.005:0, cosine:0.005:0 or exponential:1:0.05. Did you mean cosine?"
    ),
    (
      "algorithm", "pp0",
      "--algorithm pp0 is none of reinforce, a2c, ppo, vtrace, appo, dqn, sac, td3. "
        + "Did you mean ppo?"
    ),
    (
      "optimizer", "adamW",
      "--optimizer adamW is none of adam, adamw, sgd, rmsprop. Did you mean adamw?"
    ),
  ])
  func `a text of the wrong type is refused in a sentence`(
    name: String, text: String, sentence: String
  ) throws {
    let setting = try setting(name)
    var configuration = Configuration()
    #expect(throws: ConfigurationError(sentence, option: name)) {
      try setting.write(&configuration, text)
    }
    #expect(configuration == Configuration())
  }
}
