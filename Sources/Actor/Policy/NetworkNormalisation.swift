import Rollout

/// What running statistics in the weights bring to a common scale: docs/environments.md, Normalisation.
public struct NetworkNormalisation: Codable, Sendable, Equatable {
  /// Whether the network sees float observations less their mean in units of their deviation.
  public var observations: Bool
  /// Whether rewards are learnt from in units of the deviation of returns.
  public var rewards: Bool

  /// Says what is normalised.
  public init(observations: Bool = false, rewards: Bool = false) {
    self.observations = observations
    self.rewards = rewards
  }

  /// What normalised numbers are clipped to, on both sides.
  public static let limit = 10.0

  /// The buffer [n] of the means of a leaf of n elements, named by its path, such as `obs.camera`.
  public static func meanName(of path: String) -> String { "normalizer.\(path).mean" }

  /// The buffer [n] of what deviations from the means are multiplied by, 1 / √(variance + 10⁻⁸).
  public static func scaleName(of path: String) -> String { "normalizer.\(path).scale" }

  /// The buffer [] of what rewards are multiplied by, 1 / √(variance of returns + 10⁻⁸).
  public static let returnScaleName = "normalizer.return.scale"

  /// The leaves of a space that are normalised, by their place, with their paths: Boxes of float32 and float64.
  public static func leaves(of observation: Space) -> [(place: Int, path: String)] {
    let parts = observation.parts
    return zip(parts.leaves, parts.paths(below: "obs")).enumerated().compactMap {
      $1.0.isFloat && $1.1 != "obs.\(EnvironmentSpaces.actionMaskName)" ? ($0, $1.1) : nil
    }
  }
}

extension Graph {
  /// Numbers [rows, B, n] less their running mean in units of their running deviation, clipped to ±10; NaN stays NaN.
  func normalised(_ numbers: Tensor, named path: String) -> Tensor {
    let (count, rows) = (numbers.lastAxis, Array(numbers.shape.dropLast()))
    let mean = buffer(NetworkNormalisation.meanName(of: path), [count])
    let scale = buffer(NetworkNormalisation.scaleName(of: path), [count], initially: 1)
    let limit = NetworkNormalisation.limit
    let scaled = (numbers.numeric - mean.repeated(over: rows)) * scale.repeated(over: rows)
    // What is infinite becomes NaN, which no clipping hides from an update.
    return scaled.clamped(to: -limit...limit) + 0 * numbers.numeric
  }

  /// What rewards are multiplied by; the weights have room for it as soon as it was asked for.
  func returnScale() -> Tensor {
    buffer(NetworkNormalisation.returnScaleName, [], initially: 1)
  }
}

extension TracedFragment {
  /// The fragment with rewards in units of the deviation of returns, where the policy's weights carry it.
  ///
  /// Rewards are clipped to ±10; one that is not finite becomes NaN, so that an update notices.
  public func normalisingRewards() -> TracedFragment {
    let graph = rewards.graph
    guard graph.parameters.range(of: NetworkNormalisation.returnScaleName) != nil else {
      return self
    }
    let limit = NetworkNormalisation.limit
    var copy = self
    copy.rewards =
      (rewards.numeric * graph.returnScale()).clamped(to: -limit...limit) + 0 * rewards
    return copy
  }
}

extension Space {
  /// Whether elements are numbers with fractions.
  var isFloat: Bool {
    switch self {
    case .box(_, _, _, .float32), .box(_, _, _, .float64): true
    default: false
    }
  }
}
