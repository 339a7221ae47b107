import Actor
import Glibc
import Learner
import Rollout

/// A distribution over two actions with a temperature, written with the public interface alone.
struct TemperedCoin: ActionDistribution {
  var temperature: Double
  /// The usual distribution of two actions.
  var coin: any ActionDistribution

  var scoreCount: Int { 2 }
  var logitCount: Int { 2 }

  func logits(from scores: Tensor) -> Tensor { ((1 / temperature) * scores).logSoftmax() }

  func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    coin.logProbability(of: action, under: logits)
  }

  func entropy(of logits: Tensor) -> Tensor { coin.entropy(of: logits) }

  func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    for environment in 0..<logits.environmentCount {
      let chance = exp(logits[environment, 0])
      let isFirst =
        switch choice {
        case .sample: streams[environment].nextFloat() < chance
        case .greedy: chance >= 0.5
        }
      actions.store(Int32(isFirst ? 0 : 1), environment: environment)
    }
  }
}

/// A policy that uses the distribution, around a network of the options.
struct TemperedPolicy: Policy {
  static let kind = "tempered"

  var network: NetworkPolicy
  var temperature = 2.0

  func distribution(for space: Space) throws(PolicyError) -> any ActionDistribution {
    guard case .discrete(2) = space else { throw PolicyError("a coin has two sides") }
    return TemperedCoin(temperature: temperature, coin: try ActionDistributions.fitting(space))
  }

  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    try network.react(to: state, choosing: distribution, in: graph)
  }
}

extension Algorithm {
  /// Actor-critic with the policy above and an entropy cost of its own.
  static let tempered = Algorithm(
    name: "tempered", options: criticOptions, learnsValue: { _ in true },
    defaults: {
      $0.adoptCriticDefaults()
      $0.entropyCost = 0.02
    },
    policy: { TemperedPolicy(network: $1) },
    objective: { configuration, _ in AdvantageActorCritic(configuration.actorCriticSettings) })
}
