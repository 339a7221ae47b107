import Actor
import Foundation
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Tests of runs with parts that a program provides itself.
@Suite(.timeLimit(.minutes(10)))
struct TrainingPartsTests {
  /// A policy that changes the scores of a network.
  private struct Sharpened: Policy {
    static let kind = "sharpened"

    var network = NetworkPolicy(inputs: [.obs], hidden: [8])
    var factor = 1.5

    func distribution(for space: Space) throws(PolicyError) -> any ActionDistribution {
      guard case .discrete(let count) = space else { throw PolicyError("a choice, please") }
      return SharpCategorical(base: Categorical(count: count), factor: factor)
    }

    func react(
      to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
    ) throws(PolicyError) -> Reaction {
      try network.react(to: state, choosing: distribution, in: graph)
    }
  }

  private struct SharpCategorical: ActionDistribution {
    var base: Categorical
    var factor: Double

    var scoreCount: Int { base.scoreCount }
    var logitCount: Int { base.logitCount }
    func logits(from scores: Tensor) -> Tensor { base.logits(from: factor * scores) }
    func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
      base.logProbability(of: action, under: logits)
    }
    func entropy(of logits: Tensor) -> Tensor { base.entropy(of: logits) }
    func act(
      on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
      into actions: ActionRow
    ) {
      base.act(on: logits, choice: choice, streams: streams, into: actions)
    }
  }

  /// A policy that is never registered.
  private struct Unknown: Policy {
    static let kind = "unknown"

    func react(
      to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
    ) throws(PolicyError) -> Reaction {
      try NetworkPolicy().react(to: state, choosing: distribution, in: graph)
    }
  }

  /// A loss with a setting.
  private struct Scaled: Objective, Encodable {
    static let name = "scaled"

    var scale = 1.0

    func loss(
      of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
    ) throws(PolicyError) -> TracedLoss {
      let returns = Trajectory(fragment).returns(discount: 0.9)
      let logPi = distribution.logProbability(of: fragment.next.act, under: reaction.logits)
      return TracedLoss(-(scale * logPi * returns).mean(), metrics: [])
    }
  }

  /// The same loss without an encoding.
  private struct Nameless: Objective {
    static let name = "nameless"

    func loss(
      of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
    ) throws(PolicyError) -> TracedLoss {
      try Scaled().loss(of: fragment, reaction: reaction, distribution: distribution)
    }
  }

  /// A collector that counts batches.
  private final class Counting: RolloutCollector {
    let base: SameProcess
    private(set) var count = 0

    init(_ base: SameProcess) { self.base = base }

    var batchLayout: FragmentLayout { base.batchLayout }
    var progress: CollectorProgress { base.progress }
    var state: CollectorState? { base.state }
    func publish(_ weights: FlatVector<Float>) { base.publish(weights) }
    func next() throws -> FragmentBatch {
      count += 1
      return try base.next()
    }
    func takeEpisodes(_ body: (EpisodeRecord) -> Void) { base.takeEpisodes(body) }
    func close() { base.close() }
  }

  /// A sink that collects records, and fails after each of them.
  private final class Collecting: MetricsSink {
    struct Failure: Error {}

    private(set) var runs: [RecordedRun] = []
    private(set) var records: [MetricsRecord] = []

    func begin(_ run: RecordedRun) { runs.append(run) }
    func append(_ record: MetricsRecord) throws {
      records.append(record)
      throw Failure()
    }
  }

  private static func parts() -> TrainingParts {
    PolicyRegistry.register(Sharpened.self)
    var parts = TrainingParts()
    parts.policy = Sharpened()
    parts.objective = Scaled(scale: 0.5)
    parts.optimizer = PartMaker(encoding: "sgd 0.9") {
      SGD<Float>(
        count: $0.elementCount, learningRate: 0.01, momentum: 0.9, groups: $0.groups())
    }
    parts.collector = PartMaker(encoding: "counting") {
      Counting(
        try SameProcess(
          $0.setup, fragmentsPerBatch: $0.configuration.fragmentsPerBatch, resuming: $0.state))
    }
    return parts
  }

  private func configuration(
    _ directory: ScratchDirectory, _ name: String
  ) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.collector = .same
    configuration.environmentsPerActor = 4
    configuration.fragmentSteps = 10
    configuration.learningRate = 0.01
    configuration.evaluateEvery = 400
    configuration.evaluationEpisodes = 3
    configuration.totalSteps = 1600
    configuration.seed = 5
    configuration.runDirectory = directory.path(name)
    return configuration
  }

  /// Trains and ends the run, which frees its directory.
  private func train(
    _ configuration: TrainingConfiguration, _ parts: TrainingParts
  ) throws -> RunDirectory {
    let run = try TrainingRun(configuration, parts: parts, isQuiet: true)
    _ = try run.train()
    return run.directory
  }

  @Test func `parts of a program train with records, evaluations and best weights`() throws {
    let directory = try ScratchDirectory()
    var parts = Self.parts()
    var counting: Counting?
    let maker = try #require(parts.collector)
    parts.collector = PartMaker(encoding: "counting") {
      counting = try maker.make($0) as? Counting
      return try #require(counting)
    }
    let run = try TrainingRun(configuration(directory, "run"), parts: parts, isQuiet: true)
    let summary = try run.train()
    #expect(summary.steps == 1600 && summary.updates == 20 && counting?.count == 20)
    let checkpoint = try Checkpoint.load(from: run.directory.bestCheckpoint)
    #expect(checkpoint.metadata["algorithm"] == "scaled")
    #expect(checkpoint.metadata["policy"]?.hasPrefix("sharpened {") == true)
    let trained = try TrainedPolicy(Checkpoint.load(from: run.directory.lastCheckpoint))
    let mean = try trained.evaluate(episodes: 3, choice: .greedy, seed: run.seed).meanReturn
    #expect(mean == summary.evaluationReturn)

    // Each part has an effect on the weights.
    let weights = try Data(contentsOf: run.directory.lastCheckpoint)
    var others: [TrainingParts] = []
    for change in [
      { $0.policy = nil }, { $0.objective = Scaled() }, { $0.optimizer = nil },
    ] as [(inout TrainingParts) -> Void] {
      others.append(Self.parts())
      change(&others[others.count - 1])
    }
    for (index, other) in others.enumerated() {
      let run = try TrainingRun(
        configuration(directory, "other-\(index)"), parts: other, isQuiet: true)
      _ = try run.train()
      #expect(try Data(contentsOf: run.directory.lastCheckpoint) != weights)
    }
  }

  @Test func `a sink of a program gets the records of the files, and may fail`() throws {
    let directory = try ScratchDirectory()
    let sink = Collecting()
    var parts = Self.parts()
    parts.sinks = [sink]
    var asked = configuration(directory, "run")
    asked.metricsInterval = .updates(2)
    asked.metricsFiles = [.jsonl]
    let run = try train(asked, parts)
    let lines = try String(contentsOf: run.metrics, encoding: .utf8).split(separator: "\n")
    #expect(lines.map(String.init) == sink.records.map { $0.object.encoded() })
    #expect(sink.records.count { $0["loss"] != nil } == 10)
    #expect(sink.records.count { $0["eval_return"] != nil } == 4)
    #expect(sink.runs.map(\.directory) == [run.url] && sink.runs[0].position == nil)
    #expect(
      try Data(sink.runs[0].configuration.utf8) == Data(contentsOf: run.configuration))

    var state = try RunState.load(from: run.state)
    state.configuration.totalSteps = 2400
    _ = try TrainingRun(resuming: state, in: run, parts: parts, isQuiet: true).train()
    #expect(sink.runs.last?.position?.updates == 20 && sink.runs.last?.position?.steps == 1600)
    #expect(sink.records.last?["env_steps"] == 2400)
  }

  @Test func `a run of two parts leaves the checkpoint of one without a break`() throws {
    let directory = try ScratchDirectory()
    let whole = try train(configuration(directory, "whole"), Self.parts())
    var first = configuration(directory, "parts")
    first.totalSteps = 800
    let half = try train(first, Self.parts())
    var state = try RunState.load(from: half.state)
    state.configuration.totalSteps = 1600
    var parts = Self.parts()
    // It is decoded from the state.
    parts.policy = nil
    _ = try TrainingRun(resuming: state, in: half, parts: parts, isQuiet: true).train()
    #expect(
      try Data(contentsOf: half.lastCheckpoint)
        == Data(contentsOf: whole.lastCheckpoint))
  }

  @Test func `a run is resumed with the parts that it began with, or refused in a sentence`()
    throws
  {
    let directory = try ScratchDirectory()
    func state(_ name: String, _ parts: TrainingParts) throws -> (RunState, RunDirectory) {
      let run = try train(configuration(directory, name), parts)
      var state = try RunState.load(from: run.state)
      state.configuration.totalSteps = 2400
      return (state, run)
    }
    func refusal(_ run: (RunState, RunDirectory), _ parts: TrainingParts) -> String? {
      let error = #expect(throws: ConfigurationError.self) {
        try TrainingRun(resuming: run.0, in: run.1, parts: parts, isQuiet: true)
      }
      return error?.message
    }
    let own = try state("own", Self.parts())
    #expect(
      refusal(own, TrainingParts())?.hasPrefix(
        "the run was trained with the objective 'scaled {\"scale\":0.5}' of its program, and none "
          + "is given") == true)
    var parts = Self.parts()
    parts.objective = Scaled(scale: 0.25)
    #expect(refusal(own, parts)?.contains("'scaled {\"scale\":0.25}' is given") == true)
    parts = Self.parts()
    parts.optimizer = PartMaker(encoding: nil) {
      SGD<Float>(count: $0.elementCount, learningRate: 0.01)
    }
    #expect(refusal(own, parts)?.contains("one without an encoding is given") == true)

    let plain = try state("plain", TrainingParts())
    #expect(refusal(plain, Self.parts())?.contains("of its options") == true)

    parts = TrainingParts()
    parts.objective = Nameless()
    let nameless = try state("nameless", parts)
    #expect(refusal(nameless, parts)?.contains("the objective came from its program") == true)
  }

  @Test func `a policy that workers would not find is refused before anything is made`() throws {
    let directory = try ScratchDirectory()
    var parts = TrainingParts()
    parts.policy = Unknown()
    let error = #expect(throws: PolicyError.self) {
      try TrainingRun(configuration(directory, "run"), parts: parts, isQuiet: true)
    }
    #expect(error?.description.contains("the policy 'unknown' is not registered") == true)
    #expect(!FileManager.default.fileExists(atPath: directory.path("run")))
  }

  @Test func `a collector with other batches than the options' is refused`() throws {
    let directory = try ScratchDirectory()
    var parts = TrainingParts()
    parts.collector = PartMaker(encoding: nil) { try SameProcess($0.setup, fragmentsPerBatch: 1) }
    let error = #expect(throws: ConfigurationError.self) {
      try TrainingRun(configuration(directory, "run"), parts: parts, isQuiet: true)
    }
    #expect(error?.message.contains("batches of 4 environments") == true)
    #expect(!FileManager.default.fileExists(atPath: directory.path("run")))
  }
}
