import Foundation
import Learner
import Rollout
import Testing

@testable import RolloutCommand

struct ProgramTests {
  /// Returns the work of a command line, or nil if it is of another type.
  func parse<Work: Runnable>(_ arguments: String..., as _: Work.Type = Work.self) throws -> Work? {
    try Program.parse(arguments).work as? Work
  }

  /// Returns the configuration of `train`, whichever of its options were given.
  func training(_ arguments: [String]) throws -> TrainingConfiguration? {
    let train = try Program.parse(arguments).work as? TrainCommand
    return train?.presentation == TrainPresentation() ? train?.configuration : nil
  }

  @Test func `without options train has the defaults`() throws {
    #expect(try parse("train") == TrainCommand())
  }

  @Test func `every training option is one of train's`() {
    for setting in TrainingConfiguration.settings {
      #expect(Command.train.option(named: setting.name)?.kind == setting.kind)
    }
  }

  @Test func `values follow their option or an equals sign`() throws {
    var configuration = TrainingConfiguration()
    configuration.actorCount = 4
    configuration.gamma = 0.5
    configuration.untilReturn = -100
    configuration.sticky = true
    configuration.runDirectory = "-a=b"
    #expect(
      try parse(
        "train", "--actors", "4", "--gamma=0.5", "--until-return", "-100", "--sticky",
        "--run-dir=-a=b", "--quiet", "--json")
        == TrainCommand(
          configuration: configuration,
          given: ["actors", "gamma", "until-return", "sticky", "run-dir"],
          presentation: TrainPresentation(isQuiet: true, endsWithJSON: true)))
  }

  @Test func `an option may have a name of its own that turns it off`() throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "rlplay-\(UUID().uuidString).json")
    try Data(#"{"shared-torso": true}"#.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    var shared = TrainingConfiguration()
    shared.sharedTorso = true
    #expect(try training(["train", "--config", file.path]) == shared)
    #expect(
      try training(["train", "--config", file.path, "--separate-torsos"])
        == TrainingConfiguration())
  }

  @Test func `a run goes on with its own options but for those that change nothing learned`() throws
  {
    func resumption(_ words: String...) throws -> ResumeCommand? {
      try Program.parse(["train"] + words).work as? ResumeCommand
    }
    let newest = try #require(try resumption("--resume", "--steps", "2e6", "--quiet"))
    #expect(newest.target == nil && newest.changes.values == ["steps": "2e6"])
    #expect(try resumption("--steps", "9", "--resume")?.target == nil)
    #expect(try resumption("--resume", "runs/a")?.target == "runs/a")
    #expect(try resumption("--resume=a", "--json")?.target == "a")
    for mistake in [
      ["--resume", "a", "--gamma", "0.5"], ["--resume", "a", "--run-dir", "b"],
      ["--resume", "a", "--config", "b"], ["--resume="], ["--resume", ""],
      ["--resume", "a", "--steps", "many"],
    ] {
      #expect(throws: UsageError.self) { try Program.parse(["train"] + mistake) }
    }
  }

  @Test func `the file of options yields to the command line wherever it is named`() throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "rlplay-\(UUID().uuidString).json")
    try Data(#"{"actors": 2, "gamma": 0.5, "sticky": true, "until-return": 475}"#.utf8)
      .write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    var configuration = TrainingConfiguration()
    configuration.actorCount = 4
    configuration.gamma = 0.5
    let expected = TrainCommand(
      configuration: configuration, given: ["actors", "gamma", "sticky", "until-return"])
    let options = ["--actors", "4", "--no-sticky", "--until-return", "none"]
    let fileOption = ["--config", file.path]
    #expect(try Program.parse(["train"] + options + fileOption).work as? TrainCommand == expected)
    #expect(try Program.parse(["train"] + fileOption + options).work as? TrainCommand == expected)
  }

  @Test func `only the combination of file and command line has to be valid`() throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "rlplay-\(UUID().uuidString).json")
    try Data(#"{"actors": 32}"#.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(throws: UsageError.self) { try Program.parse(["train", "--config", file.path]) }
    _ = try Program.parse(["train", "--config", file.path, "--buffers", "48"])
  }

  @Test func `defaults follow the algorithm, of the command line before the file's`() throws {
    #expect(
      try training(["train", "--algorithm", "ppo"]) == TrainingConfiguration(.ppo))
    let file = FileManager.default.temporaryDirectory
      .appending(path: "rlplay-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(#"{"algorithm": "ppo", "gamma": 0.5}"#.utf8).write(to: file)
    for (options, algorithm) in [([], .ppo), (["--algorithm", "a2c"], .a2c)]
      as [([String], Algorithm)]
    {
      var expected = TrainingConfiguration(algorithm)
      expected.gamma = 0.5
      #expect(
        try training(["train", "--config", file.path] + options) == expected)
    }
  }

  @Test func `wrappers may be given one by one or in a row`() throws {
    var expected = TrainingConfiguration()
    expected.environment.wrappers = [
      .observationMask(keeping: [0, 2]), .frameStack(4), .rewardScale(0.5),
    ]
    for arguments in [
      ["--wrap", "observation-mask=0,2", "--wrap", "frame-stack=4", "--wrap=reward-scale=0.5"],
      ["--wrap", "observation-mask=0,2,frame-stack=4,reward-scale=0.5"],
    ] {
      #expect(
        try training(["train"] + arguments) == expected)
    }
  }

  @Test func `evaluate takes a run and its options in any order`() throws {
    #expect(try parse("evaluate") == EvaluateCommand())
    let expected = EvaluateCommand(
      target: "runs/a", episodeCount: 5, isGreedy: false, seed: 7, maximumEpisodeSteps: .steps(9),
      endsWithJSON: true)
    #expect(
      try parse(
        "evaluate", "--episodes", "5", "runs/a", "--sample", "--seed", "7",
        "--max-episode-steps=9", "--json") == expected)
    #expect(try parse("evaluate", "--greedy") == EvaluateCommand())
    #expect(try parse("evaluate", "--", "--odd") == EvaluateCommand(target: "--odd"))
  }

  @Test func `one episode is shown or recorded unless more are asked for`() throws {
    #expect(
      try parse("evaluate", "--render")
        == EvaluateCommand(episodeCount: 1, isRendering: true))
    #expect(
      try parse("evaluate", "--video", "a.gif")
        == EvaluateCommand(episodeCount: 1, video: "a.gif"))
    #expect(
      try parse("evaluate", "--video", "none", "--render", "--episodes", "3")
        == EvaluateCommand(episodeCount: 3, isRendering: true))
    #expect(throws: UsageError.self) { try Program.parse(["evaluate", "--video", "a.avi"]) }
  }

  @Test func `evaluate replaces wrappers in Python, leaves them out, or keeps them`() throws {
    let wrappers = ["a.B:c=1", "mine:D"]
    #expect(
      try parse("evaluate", "--gym-wrap", "a.B:c=1", "--gym-wrap", "mine:D")
        == EvaluateCommand(gymnasiumWrappers: wrappers))
    #expect(
      try parse("evaluate", "--gym-wrap", "none")
        == EvaluateCommand(gymnasiumWrappers: []))
    #expect(try parse("evaluate", "--gym-wrap", "default") == EvaluateCommand())
    let error = #expect(throws: UsageError.self) {
      try Program.parse(["evaluate", "--gym-wrap", "B"])
    }
    #expect(error?.message.contains("'B' is not a class of a module") == true)
  }

  @Test func `check-env takes an environment`() throws {
    #expect(
      try parse("check-env", "Mine-v0")
        == CheckEnvironmentCommand(environment: "Mine-v0"))
    #expect(
      try parse("check-env", "--steps", "20", "--seed=3", "--json", "gym:A/B-v1")
        == CheckEnvironmentCommand(
          environment: "gym:A/B-v1", stepCount: 20, seed: 3, endsWithJSON: true))
    #expect(
      try parse(
        "check-env", "Mine-v0", "--env-args", "size=8", "--max-episode-steps", "9", "--python",
        "py",
        "--wrap", "reward-sign", "--wrap=frame-stack=4")
        == CheckEnvironmentCommand(
          environment: EnvironmentConfiguration(
            "Mine-v0", arguments: "size=8", limit: .steps(9),
            wrappers: [.rewardSign, .frameStack(4)], python: "py")))
    let error = #expect(throws: UsageError.self) { try Program.parse(["check-env", "--json"]) }
    #expect(
      error?.text == """
        Error: No environment is named: name one, such as CartPole-v1; 'rlplay envs' lists them.
        Usage: rlplay check-env ID [options]
        See 'rlplay check-env --help' for more information.
        """)
    #expect(throws: UsageError.self) { try Program.parse(["check-env", "A-v0", "--steps", "0"]) }
    #expect(throws: UsageError.self) {
      try Program.parse(["check-env", "A-v0", "--max-episode-steps", "0"])
    }
  }

  @Test func `describe takes a run`() throws {
    #expect(try parse("describe") == DescribeCommand())
    #expect(
      try parse("describe", "runs/a", "--json")
        == DescribeCommand(target: "runs/a", endsWithJSON: true))
  }

  @Test func `bench takes time and names`() throws {
    #expect(try parse("bench") == BenchCommand())
    #expect(
      try parse("bench", "--seconds", "0.1", "--only", "step,start", "--json")
        == BenchCommand(seconds: 0.1, only: ["step", "start"], endsWithJSON: true))
    #expect(
      try parse("bench", "--env", "Mine-v0", "--wrap", "reward-sign", "--envs-per-actor", "3")
        == BenchCommand(
          environment: EnvironmentConfiguration("Mine-v0", wrappers: [.rewardSign]),
          environmentCount: 3))
    for mistake in [
      ["--env", "A-v0", "--only", "start"], ["--envs-per-actor", "3"], ["--wrap", "reward-sign"],
      ["--env", "A-v0", "--envs-per-actor", "0"], ["--env", "A-v0", "--max-episode-steps", "0"],
    ] {
      #expect(throws: UsageError.self) { try Program.parse(["bench"] + mistake) }
    }
  }

  @Test func `the small commands are understood`() throws {
    #expect(try parse("envs") == EnvironmentsCommand())
    #expect(try parse("envs", "--json") == EnvironmentsCommand(endsWithJSON: true))
    #expect(try parse("--version") == Screen(text: "rlplay \(releaseVersion)"))
  }
}
