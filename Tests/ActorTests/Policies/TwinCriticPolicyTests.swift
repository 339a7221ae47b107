import Actor
import Foundation
import Rollout
import Testing

/// Tests of the policy of SAC and TD3: its parameters, and the spaces that it refuses.
struct TwinCriticPolicyTests {
  private static let network = NetworkPolicy(inputs: [.obs], hidden: [7])
  private static let spaces = EnvironmentSpaces(
    observation: .box(shape: [3], low: -1, high: 1), action: .box(shape: [2], low: -4, high: 4))

  private static func names(_ root: String, _ output: String) -> [String] {
    ["hidden.weight", "hidden.bias", "\(output).weight", "\(output).bias"].map { "\(root).\($0)" }
  }

  @Test func `a stochastic actor, critics and temperature are learned, target critics are not`()
    throws
  {
    let entries = try PolicySignature(
      TwinCriticPolicy(Self.network, temperature: 0.5), for: Self.spaces
    ).parameters.entries
    #expect(
      entries.filter(\.isLearned).map(\.name)
        == Self.names("actor", "logits") + Self.names("critic.0", "q")
        + Self.names("critic.1", "q") + [TwinCriticPolicy.temperatureName])
    #expect(
      entries.filter { !$0.isLearned }.map(\.name)
        == ["warm_up"] + Self.names("target.critic.0", "q") + Self.names("target.critic.1", "q"))
    let shapes = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.shape) })
    // A mean and a log σ for each element; observation and action.
    #expect(shapes["actor.logits.weight"] == [4, 7])
    #expect(shapes["critic.0.hidden.weight"] == [7, 5])
    let temperature = entries.first { $0.name == TwinCriticPolicy.temperatureName }
    #expect(temperature?.initialization == .constant(-0.6931471805599453))
  }

  @Test(arguments: [TwinCriticPolicy.ActorKind.stochastic, .deterministic])
  func `workers act with the weights before those of the critics`(
    actor: TwinCriticPolicy.ActorKind
  ) throws {
    let signature = try PolicySignature(
      TwinCriticPolicy(Self.network, actor: actor), for: Self.spaces)
    let entries = signature.parameters.entries
    let acting = entries.filter { $0.range.lowerBound < signature.actingWeightCount }.map(\.name)
    let buffers = actor == .stochastic ? ["warm_up"] : ["exploration_noise", "warm_up"]
    #expect(acting.sorted() == (Self.names("actor", "logits") + buffers).sorted())
    let network = try PolicySignature(Self.network, for: Self.spaces)
    #expect(network.actingWeightCount == network.parameters.elementCount)
  }

  @Test func `a temperature that is not learned is a buffer`() throws {
    let entries = try PolicySignature(
      TwinCriticPolicy(Self.network, temperature: 0.5, learnsTemperature: false), for: Self.spaces
    ).parameters.entries
    #expect(entries.first { $0.name == TwinCriticPolicy.temperatureName }?.isLearned == false)
  }

  @Test func `a deterministic actor has a target network and noise, and no temperature`() throws {
    let entries = try PolicySignature(
      TwinCriticPolicy(Self.network, actor: .deterministic), for: Self.spaces
    ).parameters.entries
    #expect(
      entries.filter(\.isLearned).map(\.name)
        == Self.names("actor", "logits") + Self.names("critic.0", "q")
        + Self.names("critic.1", "q"))
    #expect(
      entries.filter { !$0.isLearned }.map(\.name)
        == ["exploration_noise", "warm_up"] + Self.names("target.critic.0", "q")
        + Self.names("target.critic.1", "q") + Self.names("target.actor", "logits"))
  }

  @Test func `in a Discrete space critics judge all actions, and the warm-up evens the chances`()
    throws
  {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [3], low: -1, high: 1), action: .discrete(4))
    let policy = TwinCriticPolicy(Self.network)
    let entries = try PolicySignature(policy, for: spaces).parameters.entries
    let shapes = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.shape) })
    #expect(shapes["actor.logits.weight"] == [4, 7])
    #expect(shapes["critic.0.hidden.weight"] == [7, 3] && shapes["critic.1.q.weight"] == [4, 7])
    #expect(shapes["target.critic.1.q.weight"] == [4, 7])
    let graph = Graph()
    let state = TracedState(
      stepno: graph.input([1, 1], elementType: .int32), obs: .leaf(graph.input([1, 1, 3])),
      act: .leaf(graph.input([1, 1], elementType: .int32)), rew: graph.input([1, 1]),
      fin: graph.input([1, 1]), spaces: spaces)
    let reaction = try policy.react(to: state, choosing: Categorical(count: 4), in: graph)
    let executor = Executor<Double>(graph, outputs: [reaction.logits])
    let bias = try #require(graph.parameters.range(of: "actor.logits.bias"))
    let warmUp = try #require(graph.parameters.range(of: "warm_up")).lowerBound
    for (place, number) in zip(bias, [1.0, 3, 2, -1]) { executor.weights[place] = number }
    func chances() -> [Double] {
      executor.weightsChanged()
      executor.forward()
      return executor.values(of: reaction.logits).map { exp($0) }
    }
    let sum = [1.0, 3, 2, -1].map { exp($0) }.reduce(0, +)
    for (chance, score) in zip(chances(), [1.0, 3, 2, -1]) {
      #expect(abs(chance - exp(score) / sum) < 1e-12)
    }
    executor.weights[warmUp] = 0.5
    let even = chances()
    #expect(even.allSatisfy { abs($0 - 0.25) < 1e-4 })
    #expect(even.firstIndex(of: even.max() ?? 0) == 1)
  }

  @Test func `settings come back from their text`() throws {
    let policy = TwinCriticPolicy(
      Self.network, actor: .deterministic, temperature: 0.25, learnsTemperature: false)
    let decoded = try PolicyRegistry.decode(PolicyRegistry.encode(policy))
    #expect(decoded as? TwinCriticPolicy == policy)
    let error = #expect(throws: PolicyError.self) {
      try PolicyRegistry.decode(PolicyRegistry.encode(TwinCriticPolicy(temperature: 0)))
    }
    #expect(
      error?.description
        == "the policy's 'temperature' is 0.0: use a positive number, such as 1")
  }

  @Test(
    arguments: [
      (.multiDiscrete([2, 3]), "or dqn or sac for a Discrete space"),
      (.box(shape: [2], low: 0, high: 255, elementType: .uint8), "not in"),
      (.tuple([.box(shape: [1], low: -1, high: 1)]), "not in"),
      (.box(shape: [1], low: -.infinity, high: .infinity), "finite bounds"),
      (.box(shape: [1], low: 0, high: .infinity), "finite bounds"),
    ] as [(Space, String)])
  func `a space without bounded numbers is refused in a sentence`(
    space: Space, words: String
  ) {
    for actor in TwinCriticPolicy.ActorKind.allCases {
      let error = #expect(throws: PolicyError.self) {
        try PolicySignature(
          TwinCriticPolicy(Self.network, actor: actor),
          for: EnvironmentSpaces(observation: .box(shape: [3], low: -1, high: 1), action: space))
      }
      let text = error?.description ?? ""
      #expect(text.contains(words) && text.contains("\(space)"), "\(text)")
    }
  }

  @Test func `a recurrent network has one core, and a hidden layer for each head`() throws {
    let network = NetworkPolicy(
      inputs: [.obs], hidden: [7, 5], recurrent: .gru, recurrentSize: 6)
    let policy = TwinCriticPolicy(network)
    let signature = try PolicySignature(policy, for: Self.spaces)
    #expect(signature.recurrentState == network.recurrentState)
    let entries = signature.parameters.entries
    let core = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map { "core.\($0)_l0" }
    let torso = (["hidden.weight", "hidden.bias"] + core).map { "critic.torso.\($0)" }
    let critics = Self.names("critic.0", "q") + Self.names("critic.1", "q")
    #expect(
      entries.filter(\.isLearned).map(\.name)
        == torso + Self.names("actor", "logits") + critics + [TwinCriticPolicy.temperatureName])
    #expect(
      entries.filter { !$0.isLearned }.map(\.name)
        == ["warm_up"] + (torso + critics).map { "target.\($0)" })
    let shapes = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.shape) })
    #expect(shapes["critic.torso.hidden.weight"] == [7, 3])
    // The given action joins behind the core.
    #expect(shapes["critic.0.hidden.weight"] == [5, 6 + 2])
    #expect(shapes["actor.hidden.weight"] == [5, 6] && shapes["actor.logits.weight"] == [4, 5])
  }
}
