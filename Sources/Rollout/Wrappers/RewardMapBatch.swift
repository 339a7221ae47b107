/// A wrapper that replaces each reward by a function of it.
package final class RewardMapBatch: RewardBatch {
  /// A function of the reward.
  package enum Map: Sendable, Equatable {
    /// The reward times a factor.
    case scaled(Double)
    /// The nearest value in a range; NaN stays NaN.
    case clipped(ClosedRange<Double>)
    /// −1, 0 or 1; NaN stays NaN.
    case sign

    /// Returns the function's value.
    @inline(__always)
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

  override func judge(_ rows: StepRows, of range: Range<Int>) {
    let (map, rewards) = (map, rows.after.rew)
    for index in range where !rows.isIdle(index) {
      rewards[index] = Float(map(Double(rewards[index])))
    }
  }
}
