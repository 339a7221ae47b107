/// Divides rewards by the root of the running variance of the discounted return, and clips them to ±10.
///
/// R = γ R + r within an episode; r / √(variance of R + 10⁻⁸) with what all environments of the batch came to so far.
/// For code only: every batch has statistics of its own.
public final class RewardNormalisationBatch: WrappedBatch {
  /// What normalised values are clipped to, on both sides.
  static let limit = 10.0

  private let discount: Double
  private let returns: FlatVector<Double>
  private let moments = RunningMoments(count: 1)

  /// Wraps a batch.
  ///
  /// - Parameter discount: γ, that of learning.
  public init(_ inner: any EnvironmentBatch, discount: Double) {
    self.discount = discount
    returns = FlatVector(repeating: 0, count: inner.count)
    super.init(inner)
  }

  /// Nothing: the statistics are those of all environments' steps together.
  public override var overlapping: (any OverlappingBatch)? { nil }

  override func transferOwn(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(returns)
    moments.transfer(&snapshot)
  }

  override func judge() {
    var (playing, sum, squares) = (0, 0.0, 0.0)
    for index in 0..<count where !waits[index] {
      returns.base[index] = discount * returns.base[index] + rewards[index]
      sum += returns.base[index]
      playing += 1
    }
    let mean = sum / Double(playing)
    for index in 0..<count where !waits[index] {
      let difference = returns.base[index] - mean
      squares += difference * difference
    }
    moments.merge(count: playing) { _ in (mean, squares / Double(playing)) }
    let deviation = (moments.variance(0) + 1e-8).squareRoot()
    for index in 0..<count where !waits[index] {
      rewards[index] = max(-Self.limit, min(Self.limit, rewards[index] / deviation))
    }
  }

  override func settle(_ position: PositionMarker) {
    for index in 0..<count where begins[index] { returns.base[index] = 0 }
  }
}
