import Rollout

/// A distribution of actions: traced as a graph in the learner, sampled from numbers in a worker.
///
/// A policy returns the one that it uses, so a custom distribution comes with a custom policy.
public protocol ActionDistribution: Sendable {
  /// The number of scores that the network outputs per row.
  var scoreCount: Int { get }

  /// The number of values that the fragment records as `logits` per row.
  var logitCount: Int { get }

  /// Returns the recorded `logits` [rows, B, logitCount] for scores [rows, B, scoreCount].
  ///
  /// A distribution may have parameters. It declares them in the scores' graph.
  func logits(from scores: Tensor) -> Tensor

  /// Returns log π of the actions taken, [rows, B].
  func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor

  /// Returns the entropy at each row, [rows, B].
  func entropy(of logits: Tensor) -> Tensor

  /// Returns the most likely action, [rows, B, elements] for each leaf in declared order.
  ///
  /// It is the action that `act` chooses with `.greedy`, traced. A policy is exported with it.
  ///
  /// - Returns: `nil`, as by default, if the distribution cannot trace it.
  func mode(of logits: Tensor) -> [Tensor]?

  /// Draws an action for each environment and writes it into a row of the fragment's `act`.
  ///
  /// - Parameters:
  ///   - logits: the recorded logits, [B, …].
  ///   - choice: a random action or the most likely one.
  ///   - streams: one for each environment; only drawn from when sampling.
  ///   - actions: the destination of the actions.
  func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow)
}

extension ActionDistribution {
  /// No traced action.
  public func mode(of logits: Tensor) -> [Tensor]? { nil }
}

/// The rule of choosing an action from a distribution.
public enum ActionChoice: String, Sendable {
  /// A random action, drawn from the distribution.
  case sample
  /// The most likely action.
  case greedy
}

/// The choice of a distribution by action space.
public enum ActionDistributions {
  /// Returns the distribution for a space.
  ///
  /// - Throws: `PolicyError` for a space without a distribution.
  public static func fitting(_ space: Space) throws(PolicyError) -> any ActionDistribution {
    let leaves = space.parts
    if let leaf = leaves.value { return try fitting(leaf, named: "logits") }
    var parts: [any ActionDistribution] = []
    for (leaf, path) in zip(leaves.leaves, leaves.paths(below: "logits")) {
      parts.append(try fitting(leaf, named: path))
    }
    guard !parts.isEmpty else {
      throw PolicyError("there is no action distribution for \(space), which has no parts")
    }
    return CompositeDistribution(parts)
  }

  /// Returns the distribution of a leaf space, its parameters named after the leaf.
  private static func fitting(
    _ leaf: Space, named path: String
  ) throws(PolicyError) -> any ActionDistribution {
    switch leaf {
    case .discrete(let count): return Categorical(count: count)
    case .multiDiscrete(let counts): return MultiCategorical(counts: counts)
    case .multiBinary(let count): return Bernoulli(count: count)
    case .box(let shape, _, _, let type) where type == .float32 || type == .float64:
      return DiagonalGaussian(count: shape.reduce(1, *), parameterName: "\(path).log_std")
    case .box, .tuple, .dict:
      throw PolicyError(
        """
        there is no action distribution for \(leaf): use Discrete, MultiDiscrete, MultiBinary \
        or a Box of float32 or float64
        """)
    }
  }
}
