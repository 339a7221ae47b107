import Learner
import Rollout
import Testing

struct TrainingConfigurationTests {
  typealias Configuration = TrainingConfiguration

  @Test func `the defaults are valid`() throws {
    try Configuration().validate()
  }

  @Test(arguments: [
    (
      "buffers", "8",
      "--buffers 8 is too few for --actors 16: use at least 16, one for each actor, "
        + "and preferably some more."
    ),
    (
      "fragments-per-batch", "25",
      "--buffers 24 is too few for --fragments-per-batch 25: "
        + "use at least 25, or smaller batches."
    ),
    (
      "lag", "1",
      "--lag 1 cannot be held by asynchronous workers: add --deterministic, or use "
        + "--collector same or single."
    ),
    ("max-lag", "-1", "--max-lag -1 is out of range: use 0 to 1000000."),
    ("lag", "-1", "--lag -1 is out of range: use 0 to 4096."),
    ("actors", "0", "--actors 0 is out of range: use 1 to 1024."),
    ("actors", "1025", "--actors 1025 is out of range: use 1 to 1024."),
    ("envs-per-actor", "-2", "--envs-per-actor -2 is out of range: use 1 to 65536."),
    ("fragment-steps", "0", "--fragment-steps 0 is out of range: use 1 to 65536."),
    ("max-episode-steps", "0", "--max-episode-steps 0 is out of range: use 1 to 1000000000."),
    ("gamma", "1.01", "--gamma 1.01 is out of range: use 0 to 1."),
    (
      "entropy-cost", "-1",
      "--entropy-cost -1 is out of range: use 0 or a small positive number, "
        + "such as 0.01."
    ),
    (
      "value-cost", "-1",
      "--value-cost -1 is out of range: use 0 or a positive number, such as 0.5."
    ),
    (
      "entropy-cost", "linear:0.1:-0.1",
      "--entropy-cost linear:0.1:-0.1 is out of range: use 0 or a small positive number, "
        + "such as 0.01."
    ),
    ("momentum", "1", "--momentum 1 is out of range: use 0 to below 1, such as 0.9."),
    (
      "momentum", "0.9",
      "--momentum 0.9 has no effect with --optimizer adam: leave it out, "
        + "or use --optimizer sgd or rmsprop."
    ),
    (
      "weight-decay", "-1",
      "--weight-decay -1 is out of range: use 0 or a small positive number, such as 0.01."
    ),
    (
      "weight-decay", "0.1",
      "--weight-decay 0.1 has no effect with --optimizer adam: leave it out, "
        + "or use --optimizer adamw."
    ),
    (
      "value-learning-rate", "0",
      "--value-learning-rate 0 is out of range: use a small positive number, such as 0.01, or same."
    ),
    (
      "learning-rate", "linear:0:0",
      "--learning-rate linear:0:0 is out of range: use a small positive number, such as 0.01."
    ),
    (
      "learning-rate", "linear:-0.1:0.1",
      "--learning-rate linear:-0.1:0.1 is out of range: use a small positive number, such as 0.01."
    ),
    ("rho-clip", "0", "--rho-clip 0 is out of range: use a positive number, or inf for no limit."),
    (
      "learning-rate", "inf",
      "--learning-rate inf is out of range: use a small positive number, "
        + "such as 0.01."
    ),
    (
      "max-grad-norm", "-inf",
      "--max-grad-norm -inf is out of range: use a positive number, or inf "
        + "for no limit."
    ),
    ("hidden", "32,0", "--hidden 0 is out of range: use 1 to 16384."),
    (
      "hidden", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
      "--hidden names 17 layers: use at most 16, or none."
    ),
    ("recurrent-size", "65537", "--recurrent-size 65537 is out of range: use 1 to 65536."),
    ("recurrent-layers", "65", "--recurrent-layers 65 is out of range: use 1 to 64."),
    (
      "recurrent-size", "32",
      "--recurrent-size 32 has no effect with --recurrent none: leave it out, "
        + "or add --recurrent lstm or gru."
    ),
    (
      "recurrent-layers", "2",
      "--recurrent-layers 2 has no effect with --recurrent none: leave it out, "
        + "or add --recurrent lstm or gru."
    ),
    ("embedding-size", "0", "--embedding-size 0 is out of range: use 1 to 65536."),
    ("steps", "0", "--steps 0 is out of range: use 1 to 1000000000000000."),
    (
      "until-return", "inf",
      "--until-return inf is out of range: use a finite number, or none to "
        + "train for all steps."
    ),
    ("eval-every", "-1", "--eval-every -1 is out of range: use 0 to 1000000000000000."),
    ("eval-episodes", "0", "--eval-episodes 0 is out of range: use 1 to 1000000."),
    (
      "eval-episode-steps", "0",
      "--eval-episode-steps 0 is out of range: use 1 to 1000000000."
    ),
  ])
  func `a value that cannot be is refused in a sentence`(
    name: String, text: String, sentence: String
  ) throws {
    var configuration = Configuration()
    let setting = try #require(Configuration.settings.first { $0.name == name })
    try setting.write(&configuration, text)
    let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(error?.message == sentence)
  }

  @Test(arguments: [
    (
      "value-cost", "1",
      "--value-cost 1 has no effect with --baseline mean: leave it out, or use --baseline value."
    ),
    (
      "value-learning-rate", "0.1",
      "--value-learning-rate 0.1 needs a learned value and --baseline mean learns none: "
        + "leave it out, or use --baseline value."
    ),
    (
      "bootstrap", "learner",
      "--bootstrap learner has no effect with --baseline mean: leave it out, "
        + "or use --baseline value."
    ),
    (
      "minibatches", "16",
      "--minibatches 16 leaves 1 environment for --baseline mean, which needs several: "
        + "use fewer, or --baseline none."
    ),
  ])
  func `an option that the mean as a baseline cannot have is refused in a sentence`(
    name: String, text: String, sentence: String
  ) throws {
    var configuration = Configuration()
    configuration.baseline = .mean
    try configuration.validate()
    let setting = try #require(Configuration.settings.first { $0.name == name })
    try setting.write(&configuration, text)
    #expect(throws: ConfigurationError(sentence, option: name)) { try configuration.validate() }
  }

  @Test func `buffers matter to many workers only`() throws {
    var configuration = Configuration()
    configuration.bufferCount = 1
    configuration.collector = .same
    try configuration.validate()
    configuration.collector = .single
    try configuration.validate()
  }

  @Test func `as many buffers as actors are enough`() throws {
    var configuration = Configuration()
    configuration.bufferCount = configuration.actorCount
    try configuration.validate()
  }

  @Test(
    arguments: [
      (CollectorKind.same, false, nil, 0), (.single, false, nil, 1), (.multi, false, nil, nil),
      (.multi, true, nil, 8), (.multi, true, 3, 3), (.same, true, 2, 2), (.single, true, 0, 0),
    ] as [(CollectorKind, Bool, Int?, Int?)])
  func `the lag is fixed where collecting waits for learning`(
    collector: CollectorKind, deterministic: Bool, given: Int?, expected: Int?
  ) throws {
    var configuration = Configuration()
    configuration.collector = collector
    configuration.deterministic = deterministic
    configuration.policyLag = given
    #expect(configuration.fixedPolicyLag == expected)
    try configuration.validate()
  }

  @Test func `a lag is no larger than the largest, and two that contradict are refused`() throws {
    var configuration = TrainingConfiguration()
    configuration.deterministic = true
    #expect(configuration.fixedPolicyLag == 8)
    configuration.maximumPolicyLag = 3
    #expect(configuration.fixedPolicyLag == 3)
    configuration.maximumPolicyLag = 9
    #expect(configuration.fixedPolicyLag == 8)
    configuration.policyLag = 9
    try configuration.validate()
    configuration.maximumPolicyLag = 8
    let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(error?.description == "--max-lag 8 is below --lag 9: leave one of them out.")
  }

  @Test func `a round that is no whole number of batches rounds the lag up`() {
    var configuration = Configuration()
    configuration.deterministic = true
    configuration.actorCount = 5
    #expect(configuration.fixedPolicyLag == 3)
  }
}
