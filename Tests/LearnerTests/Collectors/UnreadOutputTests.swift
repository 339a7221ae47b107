import Actor
import Rollout
import Testing

@testable import Learner

/// Tests that workers omit the outputs that a loss does not read, and no others.
@Suite(.timeLimit(.minutes(10)))
struct UnreadOutputTests {
  private static let values = UnreadOutputs(played: ["value"], last: ["logits"])

  @Test(
    arguments: [
      (Algorithm.reinforce, values), (.a2c, values), (.vtrace, values),
      (.appo, values), (.ppo, UnreadOutputs(last: ["logits"])),
      (.dqn, UnreadOutputs()), (.sac, UnreadOutputs()), (.td3, UnreadOutputs()),
    ])
  func `a run's loss is traced for what it reads`(
    algorithm: Algorithm, expected: UnreadOutputs
  ) throws {
    let setup = try TrainingConfiguration(algorithm).makeSetup(seed: 1)
    #expect(setup.unreadOutputs == expected)
  }

  @Test func `a bound of the values reads those of the actor`() throws {
    var configuration = TrainingConfiguration(.appo)
    configuration.valueClip = 0.2
    let setup = try configuration.makeSetup(seed: 1)
    #expect(setup.unreadOutputs == UnreadOutputs(last: ["logits"]))
  }

  @Test func `row T is unread if the learner bootstraps from its own values`() throws {
    var configuration = TrainingConfiguration(.vtrace)
    configuration.bootstrap = .learner
    let setup = try configuration.makeSetup(seed: 1)
    #expect(setup.unreadOutputs == UnreadOutputs(played: ["value"], last: ["logits", "value"]))
  }

  /// REINFORCE that also reports the mean of the recorded values.
  private struct Reporting: Objective {
    static let name = "reporting"

    func loss(
      of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
    ) throws(PolicyError) -> TracedLoss {
      var loss = try Reinforce(baseline: .value).loss(
        of: fragment, reaction: reaction, distribution: distribution)
      guard let values = fragment.actor["value"]?.value else { throw PolicyError("no values") }
      loss.metrics.append(.init(name: "recorded", tensor: values.mean(), summary: .mean))
      return loss
    }
  }

  @Test func `what a metric reads is recorded`() throws {
    var setup = try TrainingConfiguration().makeSetup(seed: 1)
    #expect(setup.unreadOutputs == Self.values)
    try setup.omitOutputs(unreadBy: Reporting())
    #expect(setup.unreadOutputs == UnreadOutputs(last: ["logits"]))
  }

  /// Returns the setup of a run, and the same with all outputs recorded.
  private func setups(
    _ algorithm: Algorithm, _ recurrent: RecurrentCore
  ) throws -> (configuration: TrainingConfiguration, some: RolloutSetup, all: RolloutSetup) {
    var configuration = TrainingConfiguration(algorithm)
    configuration.environment.limit = .steps(30)
    configuration.recurrent = recurrent
    configuration.recurrentSize = 8
    let some = try configuration.makeSetup(seed: 4)
    let all = try RolloutSetup(
      environment: some.environment, policy: some.policy, environmentCount: some.environmentCount,
      stepCount: some.stepCount, seed: 4)
    return (configuration, some, all)
  }

  @Test(
    arguments: [Algorithm.reinforce, .a2c, .vtrace], [RecurrentCore.none, .lstm])
  func `omitted outputs do not change what is learned`(
    algorithm: Algorithm, recurrent: RecurrentCore
  ) throws {
    let (configuration, some, all) = try setups(algorithm, recurrent)
    let sides = try [some, all].map { setup in
      let rollout = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
      let learner = try configuration.makeLearner(
        setup, batchLayout: rollout.batchLayout, valueParameters: [])
      return (setup: setup, rollout: rollout, learner: learner)
    }
    defer { for side in sides { side.rollout.close() } }
    for _ in 0..<6 {
      for (index, side) in sides.enumerated() {
        side.rollout.publish(side.setup.weights)
        let batch = try side.rollout.next()
        if index == 0 { try checkOmission(batch.view) }
        #expect(side.learner.learn(from: batch) == .learned)
      }
      #expect(
        some.weights.elements.map(\.bitPattern) == all.weights.elements.map(\.bitPattern))
    }
  }

  /// Checks that values are at row T alone and logits at all others.
  ///
  /// Memory that is not written holds NaN in a debug build, and otherwise 0.
  private func checkOmission(_ batch: FragmentView) throws {
    let values = try #require(batch.actor("value"))
    let logits = try #require(batch.actor("logits"))
    let last = batch.layout.stepCount
    var wrongCount = 0
    for b in 0..<batch.layout.environmentCount {
      for t in 0...last {
        let (value, logit) = (values[t, b], logits[t, b, 0])
        if (value == 0 || value.isNaN) == (t == last) { wrongCount += 1 }
        if (logit == 0 || logit.isNaN) != (t == last) { wrongCount += 1 }
      }
    }
    #expect(wrongCount == 0)
  }

  @Test func `a worker process omits the same outputs`() throws {
    let (_, some, _) = try setups(.vtrace, .none)
    let rollout = try MultiWorker.lockstep(some, lag: 0, processes: Collection.processes())
    defer { rollout.close() }
    let same = try SameProcess(some)
    defer { same.close() }
    for _ in 0..<3 {
      let batch = try rollout.next()
      #expect(BatchDigest(batch) == BatchDigest(try same.next()))
      try checkOmission(batch.view)
    }
  }
}
