import Actor
import Foundation
import Learner
import Rollout
import Testing

/// Tests of a policy that is asked about single observations, against what workers recorded.
struct PolicyProbeTests {
  private static let policies: [any Policy] = [
    NetworkPolicy(hidden: [8], value: .separate),
    NetworkPolicy(
      inputs: [.obs, .act, .rew, .fin, .stepno], hidden: [6], recurrent: .lstm, recurrentSize: 7,
      value: .shared, normalization: NetworkNormalization(observations: true)),
    QNetworkPolicy(NetworkPolicy(hidden: [5])),
  ]

  private func setup(_ policy: any Policy) throws -> RolloutSetup {
    let setup = try RolloutSetup(
      environment: EnvironmentConfiguration("CartPole-v1", limit: .steps(9)), policy: policy,
      environmentCount: 3, stepCount: 12, seed: 4)
    var random = PCG64(seed: 5)
    // Statistics and ε too have values that make a difference.
    for index in 0..<setup.weights.count {
      setup.weights[index] = Float(random.uniform(0.1, 0.9)) * (index % 3 == 0 ? -1 : 1)
    }
    if let epsilon = setup.parameters.range(of: QNetworkPolicy.epsilonName) {
      setup.weights[epsilon.lowerBound] = 0.25
    }
    return setup
  }

  @Test(arguments: policies.indices)
  func `answers are what was recorded, step by step and with memory`(policy: Int) throws {
    let setup = try setup(Self.policies[policy])
    let rollout = try SameProcess(setup)
    defer { rollout.close() }
    let probe = try PolicyProbe(
      setup.policy, weights: setup.weights, for: setup.layout.contents.spaces)
    let batch = try rollout.next().view
    let (obs, act) = (batch.obs(as: Float.self), batch.act(as: Int32.self))
    var ends = 0
    for b in 0..<3 {
      var state: [Float] = []
      for t in 0...12 {
        let answer = try probe.act(
          on: (0..<4).map { obs[t, b, $0] },
          after: PrecedingStep(
            stepno: Int(batch.stepno[t, b]), action: .leaf([Double(act[t, b])]),
            reward: batch.rew[t, b], state: state))
        state = answer.state
        #expect(state.count == (policy == 1 ? 14 : 0))
        #expect(answer.outputs.map(\.name) == batch.layout.actor.paths())
        for (name, values) in answer.outputs {
          let recorded = try #require(batch.actor(name))
          #expect(values == (0..<values.count).map { recorded[t, b, $0] }, "\(name) at \(t), \(b)")
        }
        let probabilities = try #require(answer.probabilities)
        #expect(abs(probabilities.reduce(0, +) - 1) < 1e-6)
        let choice = try #require(answer.choice)
        #expect(probabilities[choice] == probabilities.max())
        #expect(answer.action == .leaf([Double(choice)]))
        #expect(answer.value == answer.output("value")?[0])
        if t > 0, batch.fin[t, b] { ends += 1 }
      }
    }
    #expect(ends >= 3)
  }

  @Test func `without a step the observation is the first one of a run`() throws {
    let setup = try setup(Self.policies[1])
    let probe = try PolicyProbe(
      setup.policy, weights: setup.weights, for: setup.layout.contents.spaces)
    let first = try probe.act(on: [0.5, -0.25, 0, 1])
    let zeros = try probe.act(
      on: .leaf([0.5, -0.25, 0, 1]), after: PrecedingStep(action: .leaf([0]), state: []))
    #expect(first.logits == zeros.logits)
    // An answer leaves nothing behind.
    let later = try probe.act(
      on: [Float](repeating: 0.5, count: 4),
      after: PrecedingStep(stepno: 3, action: .leaf([1]), reward: 2, state: first.state))
    #expect(later.logits != first.logits)
    #expect(try probe.act(on: SIMD4<Float>(0.5, -0.25, 0, 1)).logits == first.logits)
  }

  @Test func `an observation that does not fit is refused`() throws {
    func message(_ body: () throws -> PolicyAnswer) -> String {
      do { return "\(try body())" } catch { return "\(error)" }
    }
    let setup = try setup(NetworkPolicy(hidden: [4]))
    let probe = try PolicyProbe(
      setup.policy, weights: setup.weights, for: setup.layout.contents.spaces)
    #expect(
      message { try probe.act(on: [1, 2, 3]) }.hasPrefix("the observation has 3 numbers, but Box("))
    #expect(message { try probe.act(on: [1, 2, 3]) }.hasSuffix("takes 4"))
    #expect(message { try probe.act(on: [1, .nan, 3, 4]) }.hasPrefix("the observation[1] is nan"))
    #expect(
      message { try probe.act(on: [1, 1e39, 3, 4]) }.hasPrefix("the observation[1] is 1e+39"))
    #expect(
      message { try probe.act(on: 7) }.hasPrefix(
        "the observation, a Int, is stored as [int32], but its space Box("))
    #expect(
      message { try probe.act(on: .list([])) }.hasPrefix(
        "the observation has other parts than Box("))
    #expect(
      message { try probe.act(on: [0, 0, 0, 0], after: PrecedingStep(action: .leaf([2]))) }
        == "the action before is 2, but Discrete(2) takes whole numbers from 0 to 1")
    #expect(
      message { try probe.act(on: [0, 0, 0, 0], after: PrecedingStep(state: [1])) }
        == "the recurrent state has 1 numbers, but the policy has 0")
    setup.weights[0] = .nan
    let broken = try PolicyProbe(
      setup.policy, weights: setup.weights, for: setup.layout.contents.spaces)
    #expect(message { try broken.act(on: [0, 0, 0, 0]) }.hasPrefix("the policy's output 'logits'"))
    #expect(throws: PolicyError.self) {
      try PolicyProbe(
        setup.policy, weights: FlatVector(repeating: 0, count: 3),
        for: setup.layout.contents.spaces)
    }
  }

  @Test func `composite spaces are asked by their parts`() throws {
    let spaces = EnvironmentSpaces(
      observation: .dict([
        SpaceField("mode", .discrete(3)),
        SpaceField("image", .box(shape: [2, 2], low: 0, high: 255, elementType: .uint8)),
      ]),
      action: .dict([
        SpaceField("steer", .box(shape: [2], low: -1, high: 1)),
        SpaceField("gears", .multiDiscrete([2, 3])), SpaceField("lights", .multiBinary(2)),
      ]))
    let policy = NetworkPolicy(hidden: [4])
    let weights = FlatVector<Float>(
      repeating: 0.25, count: try PolicySignature(policy, for: spaces).parameters.elementCount)
    let probe = try PolicyProbe(policy, weights: weights, for: spaces)
    let answer = try probe.act(
      on: .fields([("mode", .leaf([2])), ("image", .leaf([0, 255, 7, 1]))]))
    #expect(answer.action.paths() == ["steer", "gears", "lights"])
    #expect(answer.action.leaves.map(\.count) == [2, 2, 2])
    #expect(answer.choice == nil && answer.probabilities == nil && answer.value == nil)
    #expect(answer.logits.count == 4 + 5 + 4)
    let error = #expect(throws: SpaceMismatch.self) {
      try probe.act(on: .fields([("mode", .leaf([2])), ("image", .leaf([0, 256, 7, 1]))]))
    }
    #expect(
      error?.description.hasPrefix("the observation.image[1] is 256, but Box(") == true
        && error?.description.hasSuffix("takes whole numbers from 0 to 255") == true)
  }

  @Test func `a checkpoint's policy is asked with its statistics`() throws {
    let setup = try setup(Self.policies[1])
    let probe = try PolicyProbe(
      setup.policy, weights: setup.weights, for: setup.layout.contents.spaces)
    let checkpoint = Checkpoint(
      metadata: [
        Checkpoint.Key.environment: "CartPole-v1", Checkpoint.Key.maxEpisodeSteps: "default",
        Checkpoint.Key.policy: PolicyRegistry.encode(Self.policies[1] as! NetworkPolicy),
      ],
      parameters: setup.parameters.entries.map {
        .init(name: $0.name, shape: $0.shape, values: Array(setup.weights.elements[$0.range]))
      })
    let loaded = try TrainedPolicy(checkpoint).probe()
    let observation = [0.1, 0.2, -0.3, 0.4]
    let expected = try probe.act(on: observation)
    let answer = try loaded.act(on: observation)
    #expect(answer.logits == expected.logits && answer.value == expected.value)
    for name in ["mean", "scale"] {
      let range = try #require(setup.parameters.range(of: "normalizer.obs.\(name)"))
      for index in range { setup.weights[index] += 1 }
      let other = try PolicyProbe(
        setup.policy, weights: setup.weights, for: setup.layout.contents.spaces)
      #expect(try other.act(on: observation).logits != expected.logits)
    }
  }
}
