import Actor
import Glibc
import Rollout
import Testing

@testable import Learner

/// Tests of the effect of learning options, and of options that an algorithm rejects.
struct LearningConfigurationTests {
  typealias Configuration = TrainingConfiguration

  @Test(arguments: Algorithm.allCases)
  func `what is the default for an algorithm is valid`(algorithm: Algorithm) throws {
    let configuration = Configuration(algorithm)
    #expect(configuration.algorithm == algorithm)
    try configuration.validate()
  }

  @Test func `REINFORCE is what nothing else is chosen for`() {
    #expect(Configuration(.reinforce) == Configuration())
  }

  @Test func `an algorithm's objective has the options' numbers`() throws {
    func configuration(_ algorithm: Algorithm) -> Configuration {
      var configuration = Configuration(algorithm)
      configuration.gamma = 0.9
      configuration.lambda = 0.7
      configuration.entropyCost = 0.03
      configuration.valueCost = 0.6
      configuration.normalizeAdvantages = true
      configuration.clip = 0.1
      configuration.valueClip = 5
      configuration.rhoClip = 1.5
      configuration.traceClip = 1.25
      return configuration
    }
    let settings = ActorCriticSettings(
      discount: 0.9, lambda: 0.7, entropyCost: 0.03, valueCost: 0.6, normalizesAdvantages: true)
    let surrogate = ClippedSurrogate(clip: 0.1, valueClip: 5)
    let clips = ImportanceClips(rho: 1.5, trace: 1.25)
    #expect(
      configuration(.a2c).objective as? AdvantageActorCritic == AdvantageActorCritic(settings))
    #expect(configuration(.ppo).objective as? ProximalPolicy == ProximalPolicy(settings, surrogate))
    #expect(
      configuration(.vtrace).objective as? VTraceActorCritic == VTraceActorCritic(settings, clips))
    #expect(
      configuration(.appo).objective as? AsynchronousProximalPolicy
        == AsynchronousProximalPolicy(settings, surrogate, clips))
    var q = Configuration(.dqn)
    q.gamma = 0.9
    q.doubleQ = false
    q.multiStep = 3
    let policy = try #require(q.policy as? QNetworkPolicy)
    #expect(
      q.objective as? QLearning
        == QLearning(policy, discount: 0.9, multiStep: 3, isDouble: false))
  }

  static let refusals: [(algorithm: Algorithm, option: String, text: String, sentence: String)] = [
    (
      .reinforce, "clip", "0.1",
      "--clip 0.1 has no effect with --algorithm reinforce: leave it out, "
        + "or use --algorithm ppo or appo."
    ),
    (
      .reinforce, "lambda", "0.95",
      "--lambda 0.95 has no effect with --algorithm reinforce: leave it out, "
        + "or use --algorithm a2c, ppo, vtrace or appo."
    ),
    (
      .dqn, "bootstrap", "learner",
      "--bootstrap learner has no effect with --algorithm dqn: leave it out, "
        + "or use --algorithm reinforce, a2c, ppo, vtrace or appo."
    ),
    (
      .a2c, "baseline", "value",
      "--baseline value has no effect with --algorithm a2c: leave it out, "
        + "or use --algorithm reinforce."
    ),
    (
      .a2c, "trace-clip", "2",
      "--trace-clip 2 has no effect with --algorithm a2c: leave it out, "
        + "or use --algorithm vtrace or appo."
    ),
    (
      .ppo, "double-q", "false",
      "--no-double-q has no effect with --algorithm ppo: leave it out, or use --algorithm dqn."
    ),
    (
      .ppo, "rho-clip", "2",
      "--rho-clip 2 has no effect with --algorithm ppo: leave it out, "
        + "or use --algorithm reinforce, vtrace or appo."
    ),
    (
      .dqn, "entropy-cost", "0.02",
      "--entropy-cost 0.02 has no effect with --algorithm dqn: leave it out, "
        + "or use --algorithm reinforce, a2c, ppo, vtrace or appo."
    ),
    (
      .dqn, "sticky", "true",
      "--sticky has no effect with --algorithm dqn: leave it out, "
        + "or use --algorithm reinforce, a2c, ppo, vtrace or appo."
    ),
    (
      .dqn, "shared-torso", "false",
      "--separate-torsos has no effect with --algorithm dqn: leave it out, "
        + "or use --algorithm reinforce, a2c, ppo, vtrace or appo."
    ),
    (.a2c, "lambda", "1.5", "--lambda 1.5 is out of range: use 0 to 1."),
    (.ppo, "clip", "1", "--clip 1 is out of range: use a number between 0 and 1, such as 0.2."),
    (
      .ppo, "value-clip", "0",
      "--value-clip 0 is out of range: use a positive number, or inf for no limit."
    ),
    (
      .vtrace, "trace-clip", "0",
      "--trace-clip 0 is out of range: use a positive number, or inf for no limit."
    ),
    (.ppo, "epochs", "0", "--epochs 0 is out of range: use 1 to 1000."),
    (.ppo, "minibatches", "65", "--minibatches 65 is out of range: use 1 to 64."),
    (
      .ppo, "minibatches", "3",
      "--minibatches 3 does not divide the 64 environments of a batch "
        + "(--envs-per-actor times --fragments-per-batch): use a number that does."
    ),
    (
      .ppo, "minibatch-size", "2049", "--minibatch-size 2049 is out of range: use 1 to 2048."
    ),
    (
      .ppo, "minibatch-size", "80",
      "--minibatch-size 80 is not a multiple of --fragment-steps 32, but minibatches are of whole "
        + "environments: use a multiple, or --minibatch-of steps."
    ),
    (
      .reinforce, "minibatch-of", "steps",
      "--minibatch-of steps has no effect with --algorithm reinforce: leave it out, "
        + "or use --algorithm a2c, ppo, vtrace or appo."
    ),
    (
      .a2c, "normalize-over", "batch",
      "--normalize-over batch has no effect with --no-normalize-advantages: leave one of them out."
    ),
    (
      .ppo, "adam-epsilon", "0",
      "--adam-epsilon 0 is out of range: use a small positive number, such as 1e-8."
    ),
    (
      .ppo, "rmsprop-epsilon", "1e-5",
      "--rmsprop-epsilon 1e-05 has no effect with --optimizer adam: leave it out, "
        + "or use --optimizer rmsprop."
    ),
    (
      .ppo, "target-kl", "0",
      "--target-kl 0 is out of range: use a small positive number, such as 0.01, or inf for never."
    ),
    (.dqn, "epsilon", "linear:1.5:0", "--epsilon linear:1.5:0 is out of range: use 0 to 1."),
    (.dqn, "replay-steps", "0", "--replay-steps 0 is out of range: use 1 to 1000000000."),
    (.dqn, "replay-batch", "0", "--replay-batch 0 is out of range: use 1 to 1000000."),
    (
      .dqn, "replay-batch", "130",
      "--replay-batch 130 is not a multiple of --fragment-steps 4, but whole fragments of an "
        + "environment are sampled: use a multiple."
    ),
    (.dqn, "learning-starts", "-1", "--learning-starts -1 is out of range: use 0 to 1000000000."),
    (
      .dqn, "learning-starts", "1000000",
      "--learning-starts 1000000 leaves none of --steps 1000000 for learning: start learning "
        + "earlier, or use more --steps."
    ),
    (.dqn, "updates-per-batch", "0", "--updates-per-batch 0 is out of range: use 1 to 10000."),
    (.dqn, "multi-step", "0", "--multi-step 0 is out of range: use 1 to 1000000."),
    (.dqn, "target-every", "0", "--target-every 0 is out of range: use 1 to 1000000000."),
    (.dqn, "replay-priority", "1.1", "--replay-priority 1.1 is out of range: use 0 to 1."),
    (
      .sac, "replay-correction", "linear:0.4:1.5",
      "--replay-correction linear:0.4:1.5 is out of range: use 0 to 1."
    ),
    (
      .dqn, "replay-correction", "0.5",
      "--replay-correction 0.5 has no effect with --replay-priority 0: leave it out, or use "
        + "--replay-priority 0.6."
    ),
    (.dqn, "tau", "0", "--tau 0 is out of range: use a number above 0 and up to 1."),
    (.dqn, "tau", "1.5", "--tau 1.5 is out of range: use a number above 0 and up to 1."),
    (
      .sac, "updates-per-step", "0",
      "--updates-per-step 0 is out of range: use a number above 0 and up to 1000."
    ),
    (
      .sac, "temperature", "0",
      "--temperature 0 is out of range: use a positive number, such as 1."
    ),
    (
      .sac, "target-entropy", "inf",
      "--target-entropy inf is out of range: use a number, such as -1, or auto."
    ),
    (
      .td3, "action-bounds", "clip",
      "--action-bounds clip has no use with --algorithm td3, whose actions from -1 to 1 have to be "
        + "scaled to the bounds: leave it out."
    ),
    (.td3, "policy-delay", "0", "--policy-delay 0 is out of range: use 1 to 1000000."),
    (
      .td3, "exploration-noise", "-0.1",
      "--exploration-noise -0.1 is out of range: use 0 or a small positive number, such as 0.1."
    ),
    (
      .td3, "target-noise", "-1",
      "--target-noise -1 is out of range: use 0 or a small positive number, such as 0.2."
    ),
    (
      .td3, "target-noise-clip", "inf",
      "--target-noise-clip inf is out of range: use 0 or a small positive number, such as 0.2."
    ),
    (
      .sac, "policy-delay", "3",
      "--policy-delay 3 has no effect with --algorithm sac: leave it out, "
        + "or use --algorithm td3."
    ),
    (
      .sac, "updates-per-batch", "2",
      "--updates-per-batch 2 has no effect with --algorithm sac: leave it out, "
        + "or use --algorithm dqn."
    ),
  ]

  @Test(arguments: refusals.indices)
  func `what an algorithm cannot have or would ignore is refused in a sentence`(index: Int) throws {
    let (algorithm, option, text, sentence) = Self.refusals[index]
    var configuration = Configuration(algorithm)
    let setting = try #require(Configuration.settings.first { $0.name == option })
    try setting.write(&configuration, text)
    #expect(throws: ConfigurationError(sentence, option: option)) { try configuration.validate() }
  }

  @Test(arguments: [Algorithm.dqn, .sac, .td3])
  func `a recurrent network that learns from replay needs fragments of several steps`(
    algorithm: Algorithm
  ) throws {
    var configuration = Configuration(algorithm)
    configuration.recurrent = .gru
    configuration.fragmentSteps = 2
    try configuration.validate()
    configuration.fragmentSteps = 1
    #expect(
      throws: ConfigurationError(
        "--fragment-steps 1 leaves --recurrent gru nothing to learn: gradients pass through the "
          + "steps of a fragment, so use more than 1, such as 16.", option: "fragment-steps")
    ) { try configuration.validate() }
  }

  @Test func `a target of the entropy is refused if the temperature is not learned`() throws {
    var configuration = Configuration(.sac)
    configuration.learnsTemperature = false
    try configuration.validate()
    #expect((configuration.policy as? TwinCriticPolicy)?.learnsTemperature == false)
    configuration.targetEntropy = -2
    #expect(
      throws: ConfigurationError(
        "--target-entropy -2 has no effect with --no-learn-temperature: leave one of them out.",
        option: "target-entropy")
    ) { try configuration.validate() }
    configuration.learnsTemperature = true
    try configuration.validate()
    #expect((configuration.objective as? SoftActorCritic)?.targetEntropy == -2)
  }

  @Test func `continuous actions begin with the deviation that is asked for`() throws {
    var configuration = Configuration(.ppo)
    configuration.environment = "Pendulum-v1"
    configuration.initialDeviation = 0.25
    try configuration.validate()
    let setup = try configuration.makeSetup(seed: 1)
    let place = try #require(setup.parameters.range(of: "logits.log_std"))
    #expect(place.count == 1 && setup.weights[place.lowerBound] == Float(log(0.25)))
    configuration.initialDeviation = 0
    #expect(throws: ConfigurationError.self) { try configuration.validate() }
  }

  @Test func `minibatches of steps have any size, without memory`() throws {
    var configuration = Configuration(.ppo)
    configuration.minibatchUnit = .steps
    configuration.minibatches = 3
    try configuration.validate()
    configuration.minibatchSize = 60
    #expect(
      throws: ConfigurationError(
        "--minibatches 3 has no effect with --minibatch-size 60: leave one of them out.",
        option: "minibatches")
    ) { try configuration.validate() }
    configuration.minibatches = 4
    try configuration.validate()
    #expect(configuration.minibatchCount == 34)
    configuration.recurrent = .gru
    #expect(
      throws: ConfigurationError(
        "--minibatch-of steps has no use for --recurrent gru, whose state is known at the start of "
          + "a fragment only: use --minibatch-of environments.",
        option: "minibatch-of")
    ) { try configuration.validate() }
    configuration.minibatchUnit = .environments
    configuration.minibatchSize = 64
    try configuration.validate()
    #expect(configuration.minibatchCount == 32 && configuration.minibatchUnitCount == 2)
  }

  @Test func `normalized returns are of whole episodes and bootstrap nothing`() throws {
    var configuration = Configuration(.a2c)
    configuration.normalizeReturns = true
    let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(error?.message.contains("add --sticky") == true)
    configuration.sticky = true
    try configuration.validate()
    configuration.bootstrap = .learner
    #expect(
      throws: ConfigurationError(
        "--bootstrap learner has no effect with --normalize-returns: leave one of them out.",
        option: "bootstrap")
    ) { try configuration.validate() }
  }

  @Test func `a run whose learning began after its end can go on with more steps`() throws {
    var configuration = Configuration(.dqn)
    configuration.totalSteps = configuration.learningStarts
    #expect(throws: ConfigurationError.self) { try configuration.validate() }
    configuration.totalSteps += 1
    try configuration.validate()
    // Other algorithms ignore the option.
    configuration = Configuration()
    configuration.totalSteps = 1
    try configuration.validate()
  }

  @Test func `a replay buffer beyond the machine's memory is refused with what would fit`() throws {
    var configuration = Configuration(.dqn)
    let layout = try configuration.makeSetup(seed: 1).layout
    // A batch has 4 steps of 4 environments; there is room for one more, which is replaced.
    let memory = 12 * layout.packed.byteCount - 1
    configuration.replaySteps = 160
    try configuration.validateReplayMemory(layout, physicalByteCount: memory)
    configuration.replaySteps = 161
    let error = #expect(throws: ConfigurationError.self) {
      try configuration.validateReplayMemory(layout, physicalByteCount: memory)
    }
    let sentence = error?.message ?? ""
    #expect(
      sentence.hasPrefix("--replay-steps 161 needs ")
        && sentence.hasSuffix("B: use at most 80, which take half of it."), "\(sentence)")
    #expect(error?.option == "replay-steps")
    let tooLarge = #expect(throws: ConfigurationError.self) {
      try configuration.validateReplayMemory(layout, physicalByteCount: layout.packed.byteCount)
    }
    #expect(tooLarge?.message.contains("a single batch takes more than half") == true)
    configuration.algorithm = .ppo
    try configuration.validateReplayMemory(layout, physicalByteCount: 1)
  }

  @Test func `the options of each algorithm are those of the documented table`() {
    let names = Set(Configuration.settings.map(\.name))
    for algorithm in Algorithm.allCases {
      #expect(algorithm.options.isSubset(of: names), "\(algorithm.name)")
    }
    // An algorithm that is added later changes no row.
    let first: Set<Algorithm> = [.reinforce, .a2c, .ppo, .vtrace, .appo, .dqn, .sac, .td3]
    var users: [String: Set<Algorithm>] = [:]
    for algorithm in first {
      for option in algorithm.options { users[option, default: []].insert(algorithm) }
    }
    let critics: Set<Algorithm> = [.a2c, .ppo, .vtrace, .appo]
    let policies = critics.union([.reinforce])
    let replay: Set<Algorithm> = [.dqn, .sac, .td3]
    // The table in docs/learning.md.
    #expect(
      users == [
        "baseline": [.reinforce], "rho-clip": [.reinforce, .vtrace, .appo],
        "trace-clip": [.vtrace, .appo], "clip": [.ppo, .appo], "value-clip": [.ppo, .appo],
        "lambda": critics, "target-kl": critics, "bootstrap": policies, "shared-torso": policies,
        "value-learning-rate": policies, "entropy-cost": policies, "value-cost": policies,
        "normalize-advantages": policies, "normalize-returns": [.a2c], "epochs": policies,
        "minibatches": policies, "minibatch-size": critics, "minibatch-of": critics,
        "normalize-over": critics, "sticky": policies, "epsilon": [.dqn],
        "double-q": [.dqn], "dueling": [.dqn],
        "replay-steps": replay, "replay-batch": replay, "learning-starts": replay,
        "replay-priority": replay, "replay-correction": replay,
        "updates-per-batch": [.dqn], "multi-step": replay, "target-every": [.dqn], "tau": replay,
        "updates-per-step": [.sac, .td3], "temperature": [.sac], "learn-temperature": [.sac],
        "target-entropy": [.sac], "policy-delay": [.td3], "exploration-noise": [.td3],
        "target-noise": [.td3], "target-noise-clip": [.td3],
      ])
  }

  @Test func `what an algorithm chose for itself contradicts nothing that a user asks for`() throws
  {
    var configuration = Configuration(.ppo)
    configuration.deterministic = false
    try configuration.validate()
    configuration.hiddenSizes = []
    try configuration.validate()
    configuration.collector = .same
    try configuration.validate()
    #expect(configuration.fixedPolicyLag == 0)
    #expect(Configuration(.ppo).fixedPolicyLag == 1)
  }
}
