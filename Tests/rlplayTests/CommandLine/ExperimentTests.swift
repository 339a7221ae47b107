import Learner
import Rollout
import Testing

@testable import RolloutCommand

struct ExperimentTests {
  private func experiment(_ words: String...) throws -> Experiment {
    guard let command = try Program.parse(["train"] + words).work as? ExperimentCommand else {
      throw UsageError("'\(words)' is no experiment")
    }
    return command.experiment
  }

  @Test(arguments: [
    ("1..5", [1, 2, 3, 4, 5]), ("1,4,7", [1, 4, 7]), ("1..3,10", [1, 2, 3, 10]), ("0", [0]),
  ])
  func `each seed is a run`(text: String, seeds: [UInt64]) throws {
    let experiment = try experiment("--seeds", text, "--gamma", "0.5", "--json")
    #expect(experiment.runs.map(\.configuration.seed) == seeds)
    #expect(experiment.runs.map(\.name) == seeds.map { "seed-\($0)" })
    #expect(experiment.runs.allSatisfy { $0.configuration.gamma == 0.5 && $0.values.isEmpty })
    #expect(experiment.runs[0].words == ["train", "--gamma", "0.5", "--seed", "\(seeds[0])"])
    #expect(experiment.words == ["train", "--gamma", "0.5", "--seeds", text, "--json"])
  }

  @Test func `sweeps and seeds make a grid`() throws {
    let experiment = try experiment(
      "--sweep", "learning-rate=1e-3,3e-3", "--seeds=1,2", "--sweep=sticky=true,false",
      "--run-dir", "here")
    #expect(experiment.directory == "here")
    #expect(
      experiment.runs.map(\.name) == [
        "learning-rate=0.001,sticky=true/seed-1", "learning-rate=0.001,sticky=true/seed-2",
        "learning-rate=0.001,sticky=false/seed-1", "learning-rate=0.001,sticky=false/seed-2",
        "learning-rate=0.003,sticky=true/seed-1", "learning-rate=0.003,sticky=true/seed-2",
        "learning-rate=0.003,sticky=false/seed-1", "learning-rate=0.003,sticky=false/seed-2",
      ])
    #expect(
      experiment.runs.map(\.configuration.sticky) == [true, true, false, false, true, true]
        + [false, false])
    let last = try #require(experiment.runs.last)
    #expect(last.words == ["train", "--no-sticky", "--learning-rate", "3e-3", "--seed", "2"])
    #expect(last.values.map(\.text) == ["0.003", "false"])
  }

  @Test func `values may contain commas, and defaults follow a swept algorithm`() throws {
    let sizes = try experiment("--sweep", "hidden=64;64,64;none")
    #expect(sizes.runs.map(\.configuration.hiddenSizes) == [[64], [64, 64], []])
    #expect(sizes.runs.map(\.name) == ["hidden=64", "hidden=64,64", "hidden=none"])
    #expect(sizes.runs.allSatisfy { $0.configuration.seed == nil })
    let algorithms = try experiment("--sweep", "algorithm=ppo,a2c", "--seed", "7")
    #expect(algorithms.runs[0].configuration == with(TrainingConfiguration(.ppo)) { $0.seed = 7 })
    #expect(algorithms.runs[1].configuration == with(TrainingConfiguration(.a2c)) { $0.seed = 7 })
    let names = try experiment("--sweep", "env=gym:ALE/Pong-v5,CartPole-v1").runs.map(\.name)
    #expect(names == ["env=gym:ALE%2FPong-v5", "env=CartPole-v1"])
  }

  private func with(
    _ configuration: TrainingConfiguration, _ change: (inout TrainingConfiguration) -> Void
  ) -> TrainingConfiguration {
    var changed = configuration
    change(&changed)
    return changed
  }

  @Test func `the words of an experiment parse as the same experiment`() throws {
    let experiment = try experiment(
      "--seeds", "1..2", "--sweep", "gamma=0.9,0.8", "--sweep", "until-return=-100,-90",
      "--separate-torsos", "--wrap", "frame-stack=2", "--wrap", "reward-scale=2", "--jobs", "3")
    let again = try Program.parse(experiment.words).work as? ExperimentCommand
    #expect(again?.experiment == experiment)
    for run in experiment.runs {
      let train = try Program.parse(run.words).work as? TrainCommand
      #expect(train?.configuration == run.configuration)
    }
  }

  @Test func `as many runs are active as there are processors for them`() throws {
    let four = try experiment("--seeds", "1..9", "--actors", "3")
    #expect([1, 4, 8, 16].map(four.jobCount(processors:)) == [1, 1, 2, 4])
    #expect(try experiment("--seeds", "1", "--collector", "same").jobCount(processors: 3) == 3)
    #expect(try experiment("--seeds", "1", "--collector", "single").jobCount(processors: 4) == 2)
    #expect(try experiment("--sweep", "actors=1,7").jobCount(processors: 16) == 2)
    #expect(try experiment("--seeds", "1..9", "--jobs", "5").jobCount(processors: 1) == 5)
  }

  @Test(arguments: [
    (["--seeds", "5..1"], "--seeds 5..1 is not a list of seeds: write it like 1..5 or 1,4,7."),
    (["--seeds", "1..x"], "--seeds 1..x is not a list of seeds"),
    (["--seeds", "1,,2"], "--seeds 1,,2 is not a list of seeds"),
    (["--seeds", "1..2..3"], "--seeds 1..2..3 is not a list of seeds"),
    (["--seeds="], "--seeds '' is not a list of seeds"),
    (["--seeds", "1..3,2"], "--seeds 1..3,2 has 2 twice: give each seed once."),
    (["--seeds", "0..18446744073709551615"], "--seeds and --sweep ask for more than 1000 runs"),
    ((["--seeds", "1..1000", "--sweep", "gamma=1,0"], "--seeds and --sweep ask for more than"),),
    (["--seeds", "1", "--seed", "1"], "--seed and --seeds exclude each other: give one of them."),
    (["--seeds", "1", "--dashboard"], "--dashboard shows one run, and --seeds"),
    (["--seeds", "1", "--resume"], "--seeds cannot be given with --resume"),
    (["--sweep", "gamma=1", "--trust"], "--trust is for --resume"),
    (["--seeds", "1", "--log", "csv"], "--log must include jsonl in an experiment"),
    (["--jobs", "2"], "--jobs is for --seeds and --sweep: leave it out."),
    (["--jobs", "0", "--seeds", "1"], "--jobs 0 is not a number of runs"),
    (["--sweep", "gamma"], "--sweep gamma has no values: write it like learning-rate=1e-3,3e-3."),
    (["--sweep", ""], "--sweep '' has no values"),
    (["--sweep", "gama=1"], "--sweep gama=1 names 'gama', which is not an option of training. "),
    (["--sweep", "quiet=true"], "--sweep quiet=true names 'quiet', which is not an option"),
    (["--sweep", "seed=1,2"], "--sweep seed=1,2 is for other options than the seed: use --seeds."),
    (["--sweep", "run-dir=a,b"], "--sweep run-dir=a,b names run-dir"),
    (["--sweep", "gamma=1", "--gamma", "1"], "--sweep gamma=1 and --gamma exclude each other"),
    (["--sweep", "gamma=1", "--sweep", "gamma=0.5"], "--sweep gamma=0.5 names gamma once more"),
    (["--sweep", "gamma=1,1.0"], "--sweep gives gamma=1 twice: give each value once."),
    (["--sweep", "gamma=0.9,2"], "--gamma 2 is out of range"),
    (["--sweep", "gamma=0.9,"], "--gamma '' is not a number"),
    (["--sweep", "sticky=yes"], "--sticky yes is neither true nor false."),
  ])
  func `a mistake is told before anything starts`(words: [String], expected: String) {
    let error = #expect(throws: UsageError.self) { try Program.parse(["train"] + words) }
    let message = error?.message ?? ""
    #expect(message.hasPrefix(expected), "\(message)")
  }
}
