import Actor
import Foundation
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Tests that N steps and a resumed run of N further steps leave the files of a run of 2N steps.
@Suite(.timeLimit(.minutes(10)))
struct ResumedRunTests {
  /// An algorithm with a collector and changes of the configuration.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var algorithm = Algorithm.reinforce
    var collector = CollectorKind.same
    var change: @Sendable (inout TrainingConfiguration) -> Void = { _ in }

    var testDescription: String { "\(name) \(collector)" }

    func configuration(_ directory: ScratchDirectory, _ name: String) -> TrainingConfiguration {
      var result = TrainingConfiguration(algorithm)
      result.collector = collector
      result.actorCount = 3
      result.bufferCount = 6
      result.environmentsPerActor = 4
      result.fragmentSteps = 10
      result.fragmentsPerBatch = 2
      result.deterministic = true
      result.seed = 7
      result.evaluateEvery = 0
      result.hiddenSizes = [8]
      // Schedules over all steps would differ between a whole run and its parts.
      result.learningRate = .constant(result.learningRate.first)
      result.entropyCost = .constant(result.entropyCost.first)
      result.runDirectory = directory.path(name)
      change(&result)
      return result
    }
  }

  static let ppo: @Sendable (inout TrainingConfiguration) -> Void = {
    $0.epochs = 2
    $0.minibatches = 4
  }
  static let steps: @Sendable (inout TrainingConfiguration) -> Void = {
    $0.epochs = 2
    $0.minibatchUnit = .steps
    // A batch has 80 steps, of which each pass leaves out others.
    $0.minibatchSize = 24
    $0.normalizationScope = .batch
  }
  static let replay: @Sendable (inout TrainingConfiguration) -> Void = {
    $0.replayBatch = 40
    $0.learningStarts = 400
    // Fewer steps than a run has, so old batches are replaced.
    $0.replaySteps = 1200
    $0.targetEvery = 7
  }
  static let critics: @Sendable (inout TrainingConfiguration) -> Void = {
    $0.replayBatch = 40
    $0.learningStarts = 400
    // Fewer steps than a run has, and an actor's update that a save comes before.
    $0.replaySteps = 1200
    $0.updatesPerStep = 0.15
    $0.explorationNoise = 0.2
  }
  static let cases = [
    Case(name: "reinforce"), Case(name: "reinforce", collector: .single),
    Case(name: "reinforce", collector: .multi),
    Case(name: "recurrent") { $0.recurrent = .gru },
    Case(name: "wrappers") { $0.environment.wrappers = [.frameStack(3)] },
    Case(name: "momentum") {
      $0.optimizer = .rmsprop
      $0.momentum = 0.9
    },
    Case(name: "ppo", algorithm: .ppo, change: ppo),
    Case(name: "ppo", algorithm: .ppo, collector: .multi, change: ppo),
    Case(name: "steps", algorithm: .ppo, change: steps),
    Case(name: "steps", algorithm: .ppo, collector: .multi, change: steps),
    Case(name: "dqn", algorithm: .dqn, change: replay),
    Case(name: "dqn", algorithm: .dqn, collector: .multi, change: replay),
    Case(name: "priorities", algorithm: .dqn) {
      replay(&$0)
      ($0.replayPriority, $0.replayCorrection) = (0.6, 0.5)
    },
    Case(name: "sac", algorithm: .sac, change: critics),
    Case(name: "sac", algorithm: .sac, collector: .multi, change: critics),
    Case(name: "recurrent", algorithm: .dqn, collector: .multi) {
      replay(&$0)
      ($0.recurrent, $0.recurrentSize) = (.gru, 8)
    },
    Case(name: "recurrent", algorithm: .sac, collector: .multi) {
      critics(&$0)
      // A limit truncates episodes within fragments.
      ($0.recurrent, $0.recurrentSize, $0.multiStep) = (.lstm, 8, 3)
      $0.environment.limit = .steps(33)
    },
    Case(name: "td3", algorithm: .td3, change: critics),
    Case(name: "td3", algorithm: .td3, collector: .multi, change: critics),
  ]

  /// The bytes of the last checkpoint, and the part of the state that does not depend on a clock.
  private struct Files: Equatable {
    var last: Data
    var state: SafetensorsFile

    init(_ directory: RunDirectory) throws {
      last = try Data(contentsOf: directory.lastCheckpoint)
      state = try SafetensorsFile(decoding: Data(contentsOf: directory.state))
      state.metadata["told"] = nil
      state.tensors.removeAll { $0.name == "replay.batches" }
    }
  }

  private func run(_ configuration: TrainingConfiguration) throws -> RunDirectory {
    let run = try TrainingRun(
      configuration, isQuiet: true, workerExecutable: Executable.rlplay.path)
    _ = try run.train()
    return run.directory
  }

  @Test(arguments: cases)
  func `a run of two parts leaves the files of one without a break`(this: Case) throws {
    let directory = try ScratchDirectory()
    var configuration = this.configuration(directory, "whole")
    configuration.totalSteps = 3200
    let whole = try run(configuration)
    configuration.runDirectory = directory.path("parts")
    configuration.totalSteps = 1600
    let parts = try run(configuration)
    for steps in [2000, 3200] {
      var state = try RunState.load(from: parts.state)
      state.configuration.totalSteps = steps
      let next = try TrainingRun(
        resuming: state, in: parts, isQuiet: true, workerExecutable: Executable.rlplay.path)
      #expect(next.resumption?.hasSuffix("those of an uninterrupted run") == true)
      _ = try next.train()
    }
    #expect(try Files(parts) == Files(whole))
  }

  @Test func `an asynchronous run goes on and says what it cannot restore`() throws {
    let directory = try ScratchDirectory()
    var configuration = Case(name: "", collector: .multi).configuration(directory, "run")
    configuration.deterministic = false
    configuration.totalSteps = 1600
    let first = try run(configuration)
    var state = try RunState.load(from: first.state)
    #expect(state.steps == 1600 && state.updates == 20)
    state.configuration.totalSteps = 3200
    let next = try TrainingRun(
      resuming: state, in: first, isQuiet: true, workerExecutable: Executable.rlplay.path)
    #expect(
      next.resumption == "resuming at 1,600 of 3,200 steps: all is restored, except that "
        + "fragments are taken as they arrive")
    let summary = try next.train()
    #expect(summary.steps == 3200 && summary.updates == 40)
  }

  @Test func `records lose what came after the state, and the best that was seen stays`() throws {
    let directory = try ScratchDirectory()
    var configuration = Case(name: "").configuration(directory, "run")
    configuration.totalSteps = 800
    configuration.evaluateEvery = 400
    configuration.evaluationEpisodes = 1
    let run = try run(configuration)
    let state = try RunState.load(from: run.state)
    let before = try String(contentsOf: run.metrics, encoding: .utf8)
    // A killed process has written more records after it saved the state.
    let lost = """
      {"env_steps":880,"updates":11,"seconds":1,"loss":0.5}
      {"env_steps":960,"updates":12,"seconds":1,"eval_return":1e9}
      {"env_steps":960,"upd
      """
    try Data((before + lost).utf8).write(to: run.metrics)
    var best = try Checkpoint.load(from: run.bestCheckpoint)
    best.metadata["env_steps"] = "960"
    try best.save(to: run.bestCheckpoint)
    try best.save(to: run.checkpoint(atStep: 960))
    try best.save(to: run.checkpoint(atStep: 800))

    var further = state
    further.configuration.totalSteps = 1600
    let next = try TrainingRun(resuming: further, in: run, isQuiet: true)
    #expect(try String(contentsOf: run.metrics, encoding: .utf8) == before)
    #expect(run.keptSteps == [800])
    let summary = try next.train()
    #expect(summary.best?.meanReturn == 1e9 && summary.best?.steps == 960)
    #expect(try Checkpoint.load(from: run.bestCheckpoint) == best)
    #expect(try String(contentsOf: run.metrics, encoding: .utf8).hasPrefix(before))
  }

  @Test func `the newest of the saved checkpoints are kept`() throws {
    let directory = try ScratchDirectory()
    var configuration = Case(name: "").configuration(directory, "run")
    configuration.totalSteps = 1600
    configuration.saveEvery = 400
    configuration.keptCheckpoints = 2
    let run = try run(configuration)
    #expect(run.keptSteps == [1200, 1600])
    #expect(
      try Data(contentsOf: run.checkpoint(atStep: 1600)) == Data(contentsOf: run.lastCheckpoint))
  }

  @Test func `a replay buffer that is too large is left out and filled anew`() throws {
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(), environmentCount: 2, stepCount: 5,
      seed: 1)
    let steps = 10 * (ReplayBuffer.largestSavedByteCount / setup.layout.packed.byteCount + 1)
    let buffer = ReplayBuffer(steps: steps, of: setup.layout)
    buffer.add(FragmentStorage(setup.layout).view)
    var archive = StateArchive()
    #expect(try buffer.transfer(&archive))
    #expect(archive.tensors.isEmpty && archive.losses == ["the replay buffer starts empty"])
    archive = StateArchive(restoring: [])
    #expect(try !ReplayBuffer(steps: steps, of: setup.layout).transfer(&archive))
  }

  @Test func `a state that cannot be gone on from is refused and nothing is touched`() throws {
    let directory = try ScratchDirectory()
    var configuration = Case(name: "").configuration(directory, "run")
    configuration.totalSteps = 800
    let run = try run(configuration)
    let state = try RunState.load(from: run.state)
    let content = try Data(contentsOf: run.metrics)
    #expect(throws: ConfigurationError.self) {
      try TrainingRun(resuming: state, in: run, isQuiet: true)
    }
    var other = state
    other.configuration.totalSteps = 1600
    other.configuration.hiddenSizes = [9]
    #expect(throws: CheckpointError.self) {
      try TrainingRun(resuming: other, in: run, isQuiet: true)
    }
    other.configuration.hiddenSizes = [8]
    other.configuration.environmentsPerActor = 3
    #expect(throws: CollectorStateError.self) {
      try TrainingRun(resuming: other, in: run, isQuiet: true)
    }
    #expect(try Data(contentsOf: run.metrics) == content)

    var file = try SafetensorsFile(decoding: Data(contentsOf: run.state))
    file.metadata["rlplay"] = "0.0.1"
    #expect(throws: CheckpointError.self) { try RunState(decoding: file.encoded()) }
    #expect(throws: CheckpointError.self) { try RunState.load(from: run.lastCheckpoint) }
    let whole = try Data(contentsOf: run.state)
    for count in stride(from: 0, to: whole.count, by: whole.count / 16 + 1) {
      #expect(throws: CheckpointError.self) { try RunState(decoding: whole.prefix(count)) }
    }
  }
}
