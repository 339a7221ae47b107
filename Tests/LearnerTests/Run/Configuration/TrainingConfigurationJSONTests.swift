import Actor
import Foundation
import Learner
import Rollout
import Testing

struct TrainingConfigurationJSONTests {
  typealias Configuration = TrainingConfiguration

  func read(_ text: String, over base: Configuration = Configuration()) throws -> Configuration {
    try Configuration(json: Data(text.utf8), over: base, source: "recipe.json")
  }

  @Test func `the saved configuration has one line for each option, in the table's order`() {
    let text = String(decoding: Configuration().json(about: ["rlplay": "1.0"]), as: UTF8.self)
    #expect(
      text == """
        {
          "env": "CartPole-v1",
          "env-args": "none",
          "max-episode-steps": "default",
          "python": "python3",
          "info": "none",
          "gym-wrap": "none",
          "wrap": "none",
          "action-bounds": "scale",
          "collector": "multi",
          "actors": 16,
          "envs-per-actor": 8,
          "fragment-steps": 25,
          "buffers": 24,
          "fragments-per-batch": 2,
          "deterministic": false,
          "lag": "auto",
          "max-lag": "none",
          "sticky": false,
          "hang-timeout": 60,
          "close-timeout": 10,
          "inputs": ["obs", "act"],
          "integer-inputs": "embedding",
          "embedding-size": 4,
          "torso": "mlp",
          "hidden": "auto",
          "activation": "tanh",
          "recurrent": "none",
          "recurrent-size": 64,
          "recurrent-layers": 1,
          "shared-torso": false,
          "init": "pytorch",
          "initial-deviation": 1,
          "algorithm": "reinforce",
          "gamma": 0.98,
          "entropy-cost": "exponential:0.1:0.001",
          "baseline": "value",
          "value-cost": 0.5,
          "bootstrap": "actor",
          "lambda": 1,
          "normalize-advantages": false,
          "normalize-over": "minibatch",
          "normalize-returns": false,
          "rho-clip": 1,
          "trace-clip": 1,
          "clip": 0.2,
          "value-clip": "inf",
          "epochs": 1,
          "minibatches": 1,
          "minibatch-size": "auto",
          "minibatch-of": "environments",
          "target-kl": "inf",
          "epsilon": "linear:1:0.05:10000",
          "double-q": true,
          "dueling": false,
          "replay-steps": 50000,
          "replay-batch": 400,
          "replay-priority": 0,
          "replay-correction": "linear:0.4:1",
          "learning-starts": 1000,
          "updates-per-batch": 1,
          "updates-per-step": 1,
          "multi-step": 1,
          "target-every": 100,
          "tau": 1,
          "temperature": 1,
          "learn-temperature": true,
          "target-entropy": "auto",
          "policy-delay": 2,
          "exploration-noise": 0.1,
          "target-noise": 0.2,
          "target-noise-clip": 0.5,
          "optimizer": "adam",
          "adam-epsilon": 1e-08,
          "rmsprop-epsilon": 1e-08,
          "momentum": 0,
          "weight-decay": 0.01,
          "learning-rate": "exponential:0.004:0.0001",
          "value-learning-rate": 0.01,
          "max-grad-norm": 0.5,
          "steps": 4000000,
          "until-return": "none",
          "seed": "random",
          "run-dir": "auto",
          "eval-every": 25000,
          "eval-workers": "auto",
          "eval-episodes": 20,
          "eval-sample": false,
          "eval-env-args": "default",
          "eval-episode-steps": "default",
          "learner-threads": "auto",
          "save-every": "auto",
          "keep-checkpoints": 0,
          "log": ["jsonl", "csv", "tensorboard"],
          "log-every": "0.1s",
          "log-gradients": false,
          "about": {
            "rlplay": "1.0"
          }
        }

        """)
  }

  @Test func `what was saved reads the same over any base`() throws {
    var base = Configuration()
    base.seed = 3
    base.untilReturn = 475
    base.policyLag = 2
    base.runDirectory = "elsewhere"
    base.rhoClip = 2
    base.baseline = .none
    base.deterministic = true
    base.hiddenSizes = []
    base.sharedTorso = true
    let saved = Configuration().json(about: ["machine": "any"])
    #expect(try Configuration(json: saved, over: base) == Configuration())
  }

  @Test func `keys that are absent leave the base as it is`() throws {
    var base = Configuration()
    base.actorCount = 4
    let configuration = try read(#"{"gamma": 0.5, "hidden": "64,64"}"#, over: base)
    #expect(configuration.actorCount == 4)
    #expect(configuration.gamma == 0.5)
    #expect(configuration.hiddenSizes == [64, 64])
  }

  @Test func `numbers may be spelled as on the command line`() throws {
    let configuration = try read(
      #"{"rho-clip": "inf", "steps": 1e6, "buffers": "1_000", "seed": 18446744073709551615}"#)
    #expect(configuration.rhoClip == .infinity)
    #expect(configuration.totalSteps == 1_000_000)
    #expect(configuration.bufferCount == 1000)
    #expect(configuration.seed == .max)
  }

  @Test func `inputs are a list, or a text as on the command line`() throws {
    #expect(try read(#"{"inputs": ["fin", "obs"]}"#).networkInputs == [.fin, .obs])
    #expect(try read(#"{"inputs": "fin,obs"}"#).networkInputs == [.fin, .obs])
  }

  @Test func `no hidden layer has one spelling`() throws {
    var configuration = Configuration()
    configuration.hiddenSizes = []
    #expect(String(decoding: configuration.json(), as: UTF8.self).contains(#""hidden": "none","#))
    #expect(try read(#"{"hidden": "none"}"#).hiddenSizes == [])
    #expect(throws: ConfigurationError.self) { try read(#"{"hidden": []}"#) }
  }

  @Test(arguments: [
    (
      #"{"actor": 4}"#,
      #""actor" in recipe.json is not an option of training. Did you mean "actors"?"#
    ),
    (#"{"zebra": 4}"#, #""zebra" in recipe.json is not an option of training."#),
  ])
  func `an unknown key is refused with the nearest match`(text: String, sentence: String) {
    #expect(throws: ConfigurationError(sentence)) { try read(text) }
  }

  @Test(arguments: [
    ("actors", "[3]", "is not a whole number: write it like 16, 1_000_000 or 1e6."),
    ("actors", "true", "is not a whole number: write it like 16, 1_000_000 or 1e6."),
    ("actors", "1.5", "is not a whole number: write it like 16, 1_000_000 or 1e6."),
    ("seed", "null", "is not a whole number: write it like 16, 1_000_000 or 1e6."),
    ("env", "3", "is not a string."),
    ("gamma", "{…}", "is not a number: write it like 0.5, 1e-3 or inf."),
    ("sticky", "1", "is neither true nor false."),
    ("sticky", "\"true\"", "is neither true nor false."),
    (
      "hidden", "[32, \"x\"]",
      "is not a list of whole numbers: write it like 32 or 64,64, or none for no layer."
    ),
    ("inputs", "[]", "names nothing: use some of obs, act, rew, fin, stepno."),
    ("inputs", "[\"obs\", 1]", "names '1', which is none of obs, act, rew, fin, stepno."),
    ("inputs", "[\"obs\", \"obs\"]", "names obs more than once: name it once."),
    ("shared-torso", "\"no\"", "is neither true nor false."),
    ("collector", "\"mult\"", "is none of same, single, multi. Did you mean multi?"),
  ])
  func `a value of the wrong type is refused with key and value`(
    name: String, value: String, complaint: String
  ) {
    let expected = ConfigurationError(
      "\"\(name)\": \(value) in recipe.json \(complaint)", option: name)
    #expect(throws: expected) {
      try read("{\"\(name)\": \(value == "{…}" ? "{\"a\": 1}" : value)}")
    }
  }

  @Test func `what is no JSON object is refused`() {
    let sentence =
      "recipe.json is not a JSON object: write options as {\"actors\": 16, \"gamma\": 0.99}."
    #expect(throws: ConfigurationError(sentence)) { try read("[1, 2]") }
    let syntax =
      "recipe.json is not JSON: line 2, column 2 has 'o', where a key in double quotes belongs. "
      + "In JSON, write options as {\"actors\": 16, \"gamma\": 0.99}."
    #expect(throws: ConfigurationError(syntax)) { try read("{\"actors\": 4,\n oops}") }
  }

  @Test func `a file that is not there is refused`() {
    let expected = ConfigurationError(
      "--config /nowhere/recipe.json does not exist: name a file of options as JSON.",
      option: "config")
    #expect(throws: expected) { try Configuration(contentsOf: "/nowhere/recipe.json") }
  }

  @Test(arguments: [
    #"{"steps": 20, "gamma": 0.9, "steps": 30}"#,
    #"{"about": {"steps": "\"steps\": {", "x": [1]}, "hidden": [3], "#
      + #""env":"steps", "steps":1, "steps" : 2}"#,
  ])
  func `an option that stands twice is refused`(text: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try TrainingConfiguration(json: Data(text.utf8), source: "twice.json")
    }
    #expect(error?.description == #""steps" appears twice in twice.json: leave one of them out."#)
  }
}
