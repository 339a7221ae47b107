import Rollout

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
