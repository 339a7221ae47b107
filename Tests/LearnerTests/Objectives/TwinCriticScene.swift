import Actor
import Foundation
import Rollout
import TestSupport
import Testing

@testable import Learner

/// SAC or TD3 in Double on the batch of a reference file, beginning with its weights.
final class TwinCriticScene {
  /// One of the two losses, with an optimizer of its parameters.
  final class Part {
    let loss: TracedLoss
    let executor: Executor<Double>
    let optimizer: Adam<Double>

    init(
      _ objective: any Objective, _ scene: TwinCriticScene, learning isLearned: (String) -> Bool
    ) throws {
      let count = scene.batch["obs"].elements.count
      let graph = Graph()
      func column(_ rest: Int...) -> Tensor { graph.input([1, count] + rest) }
      let (obs, next, final, act) = (column(3), column(3), column(3), column(2))
      let (rew, ends) = (column(), column())
      let stepno = graph.input([1, count], elementType: .int32)
      func state(_ obs: Tensor) -> TracedState {
        TracedState(
          stepno: stepno, obs: .leaf(obs), act: .leaf(act), rew: rew, fin: ends,
          spaces: TwinCriticScene.spaces)
      }
      let fragment = TracedFragment(
        current: state(obs), next: state(next), actor: .empty, terminated: ends,
        truncated: 0 * ends, finalObs: .leaf(final))
      let reaction = try scene.policy.react(
        to: fragment.current, choosing: scene.distribution, in: graph)
      loss = try objective.loss(
        of: fragment, reaction: reaction, distribution: scene.distribution)
      executor = Executor(
        graph,
        outputs: loss.metrics.map(\.tensor) + [loss.prioritization?.errors].compactMap(\.self),
        loss: loss.loss, weights: scene.weights)
      let parameters = graph.parameters.learning { $0.isLearned && isLearned($0.name) }
      optimizer = Adam(
        count: parameters.elementCount,
        learningRate: scene.reference["learning_rate"].number, groups: parameters.groups())
      executor.set(obs, to: scene.batch["obs"].numbers)
      executor.set(act, to: scene.batch["action"].numbers)
      executor.set(rew, to: scene.batch["reward"].numbers)
      let terminated = scene.batch["terminated"].numbers
      executor.set(ends, to: terminated)
      // Where an episode ended, the next row begins another one; elsewhere there is no final
      // observation.
      let arrivals = scene.batch["next_obs"].numbers
      executor.set(
        next, to: arrivals.enumerated().map { terminated[$0 / 3] == 1 ? 7 : $1 })
      executor.set(
        final, to: arrivals.enumerated().map { terminated[$0 / 3] == 1 ? $1 : .nan })
    }

    /// Computes the loss and its gradients with the noise, [1, 32, 2], if there is any.
    func run(noise: Reference?) {
      for (input, numbers) in zip(loss.noise, noise.map { [$0.numbers] } ?? []) {
        executor.set(input, to: numbers)
      }
      executor.weightsChanged()
      executor.forward()
      executor.backward()
    }

    func step() { optimizer.step(executor.weights, executor.gradients) }

    /// The loss of the last run.
    var value: Double { executor.value(of: loss.loss) }

    func metric(_ name: String) throws -> Double {
      executor.value(of: try #require(loss.metrics.first { $0.name == name }).tensor)
    }
  }

  static let spaces = EnvironmentSpaces(
    observation: .box(shape: [3], low: -1, high: 1), action: .box(shape: [2], low: -2, high: 3))

  let reference: Reference
  let policy: TwinCriticPolicy
  let distribution: any ActionDistribution
  let parameters: ParameterLayout
  let weights: FlatVector<Double>

  var batch: Reference { reference["batch"] }

  init(_ name: String, actor: TwinCriticPolicy.ActorKind) throws {
    reference = try Reference(name)
    policy = TwinCriticPolicy(
      NetworkPolicy(inputs: [.obs], hidden: [16, 16], activation: .relu), actor: actor)
    let range = ActionRange(low: reference["low"].numbers, high: reference["high"].numbers)
    distribution =
      switch actor {
      case .stochastic: SquashedGaussian(range)
      case .deterministic: ClippedGaussian(range)
      }
    parameters = try PolicySignature(policy, for: Self.spaces).parameters
    weights = FlatVector(repeating: 0, count: parameters.elementCount)
    for root in ["", "target."] {
      for (name, numbers) in figures(reference["initial"]) {
        guard let range = parameters.range(of: root + name) else { continue }
        for (place, number) in zip(range, numbers) { weights[place] = number }
      }
    }
  }

  /// Returns the numbers of a reference's networks by the names of the policy's parameters.
  private func figures(_ networks: Reference) -> [(name: String, numbers: [Double])] {
    networks.keys.filter { $0 != "log_alpha" }.flatMap { figures(networks[$0], of: $0) }
  }

  /// Returns the numbers of one network, such as `target_actor` or `critic1`.
  private func figures(
    _ network: Reference, of name: String
  ) -> [(name: String, numbers: [Double])] {
    let isActor = name.hasSuffix("actor")
    let root =
      (name.hasPrefix("target") ? "target." : "")
      + (isActor ? "actor" : "critic.\(name.hasSuffix("1") ? 0 : 1)")
    let layers =
      [("hidden.0", ["l1"]), ("hidden.1", ["l2"])]
      + [isActor ? ("logits", ["mean", "log_std"]) : ("q", ["q"])]
    return layers.flatMap { layer, parts in
      ["weight", "bias"].map { kind in
        let numbers = parts.map { "\($0).\(kind)" }.filter { network.keys.contains($0) }
          .flatMap { network[$0].numbers }
        return ("\(root).\(layer).\(kind)", numbers)
      }
    }
  }

  /// Compares a vector in the layout of the weights with the networks of a reference.
  ///
  /// - Parameter name: the name of the network if the reference is a single one; nil for several.
  func compare(
    _ vector: FlatVector<Double>, with networks: Reference, of name: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let figures = name.map { self.figures(networks, of: $0) } ?? self.figures(networks)
    #expect(figures.count >= 6, sourceLocation: sourceLocation)
    for (name, expected) in figures {
      let range = try #require(parameters.range(of: name), "\(name)")
      let difference = firstDifference(
        range.map { vector[$0] }, expected, absolute: 1e-9, relative: 1e-9)
      #expect(difference == nil, "\(name): \(difference ?? "")", sourceLocation: sourceLocation)
    }
  }

  /// θ⁻ ← θ⁻ + τ (θ − θ⁻) for every target network.
  func moveTargets() throws {
    let tau = reference["tau"].number
    for entry in parameters.entries where entry.name.hasPrefix("target.") {
      let source = try #require(parameters.range(of: String(entry.name.dropFirst(7))))
      for (target, place) in zip(entry.range, source) {
        weights[target] += tau * (weights[place] - weights[target])
      }
    }
  }
}
