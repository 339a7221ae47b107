/// A wrapper that replaces each reward by a function of it.
package final class RewardMapBatch: WrappedBatch {
  /// A function of the reward.
  package enum Map: Sendable, Equatable {
    /// The reward times a factor.
    case scaled(Double)
    /// The nearest value in a range; NaN stays NaN.
    case clipped(ClosedRange<Double>)
    /// −1, 0 or 1; NaN stays NaN.
    case sign

    /// Returns the function's value.
    func callAsFunction(_ reward: Double) -> Double {
      switch self {
      case .scaled(let factor): reward * factor
      case .clipped(let range):
        reward < range.lowerBound
          ? range.lowerBound : reward > range.upperBound ? range.upperBound : reward
      case .sign: reward > 0 ? 1 : reward < 0 ? -1 : reward
      }
    }
  }

  private let map: Map

  /// Wraps a batch.
  package init(_ inner: any EnvironmentBatch, _ map: Map) {
    self.map = map
    super.init(inner)
  }

  override func judge() {
    for index in 0..<count where !waits[index] { rewards[index] = map(rewards[index]) }
  }
}
