import Rollout

/// The quantities normalized by running statistics in the weights.
///
/// See docs/environments.md, Normalization.
public struct NetworkNormalization: Codable, Sendable, Equatable {
  /// True if float observations are normalized: (x − mean) / standard deviation.
  package var observations: Bool
  /// True if learning divides rewards by the standard deviation of returns.
  package var rewards: Bool

  /// Creates a normalization of observations, rewards, both or neither.
  public init(observations: Bool = false, rewards: Bool = false) {
    self.observations = observations
    self.rewards = rewards
  }

  /// The bound of normalized numbers, on both sides.
  package static let limit = 10.0

  /// Returns the name of the buffer [n] of a leaf's means, for a path such as `obs.camera`.
  package static func meanName(of path: String) -> String { "normalizer.\(path).mean" }

  /// Returns the name of the buffer [n] of a leaf's scales, 1 / √(variance + 10⁻⁸).
  package static func scaleName(of path: String) -> String { "normalizer.\(path).scale" }

  /// The name of the buffer [] of the rewards' scale, 1 / √(variance of returns + 10⁻⁸).
  package static let returnScaleName = "normalizer.return.scale"

  /// Returns the normalized leaves of a space, its Boxes of float32 and float64, by place and path.
  package static func leaves(of observation: Space) -> [(place: Int, path: String)] {
    let parts = observation.parts
    return zip(parts.leaves, parts.paths(below: "obs")).enumerated().compactMap {
      $1.0.isFloat && $1.1 != "obs.\(EnvironmentSpaces.actionMaskName)" ? ($0, $1.1) : nil
    }
  }
}

extension Graph {
  /// Returns (numbers − mean) · scale for [rows, B, n], clipped to ±10; NaN stays NaN.
  func normalized(_ numbers: Tensor, named path: String) -> Tensor {
    let (count, rows) = (numbers.lastAxis, Array(numbers.shape.dropLast()))
    let mean = buffer(NetworkNormalization.meanName(of: path), [count])
    let scale = buffer(NetworkNormalization.scaleName(of: path), [count], initially: 1)
    let limit = NetworkNormalization.limit
    let scaled = (numbers.numeric - mean.repeated(over: rows)) * scale.repeated(over: rows)
    // Turns infinities into NaN, which the clipping would otherwise hide from an update.
    return scaled.clamped(to: -limit...limit) + 0 * numbers.numeric
  }

  /// Returns the factor of the rewards, a buffer that is added to the weights on the first call.
  func returnScale() -> Tensor {
    buffer(NetworkNormalization.returnScaleName, [], initially: 1)
  }
}

extension TracedFragment {
  /// Returns the fragment with rewards divided by the standard deviation of returns.
  ///
  /// Without that buffer in the policy's weights the fragment is unchanged. Rewards are clipped to
  /// ±10. A reward that is not finite becomes NaN, which an update detects.
  package func normalizingRewards() -> TracedFragment {
    let graph = rewards.graph
    guard graph.parameters.range(of: NetworkNormalization.returnScaleName) != nil else {
      return self
    }
    let limit = NetworkNormalization.limit
    var copy = self
    copy.rewards =
      (rewards.numeric * graph.returnScale()).clamped(to: -limit...limit) + 0 * rewards
    return copy
  }
}

extension Space {
  /// True for a Box of float32 or float64.
  var isFloat: Bool {
    switch self {
    case .box(_, _, _, .float32), .box(_, _, _, .float64): true
    default: false
    }
  }
}
