/// Shows observations less their running mean, divided by the root of their running variance, and clipped to ±10.
///
/// (x − mean) / √(variance + 10⁻⁸) for each element, with what all environments of the batch have shown so far; the
/// last observation of an episode is no sample. For code only: a checkpoint does not hold the statistics.
public final class ObservationNormalisationBatch: WrappedBatch {
  private let elementType: ElementType
  private let elementCount: Int
  private let moments: RunningMoments

  /// Wraps a batch.
  ///
  /// - Throws: `SpaceMismatch` when the observation is no Box.
  public init(_ inner: any EnvironmentBatch) throws(SpaceMismatch) {
    let box = try inner.spaces.observation.box
    elementType = box.elementType
    elementCount = LeafSpecification(box.elementType, box.shape).elementCount
    moments = RunningMoments(count: elementCount)
    let limit = RewardNormalisationBatch.limit
    super.init(inner, observation: .box(shape: box.shape, low: -limit, high: limit))
  }

  /// Nothing: the statistics are those of all environments' steps together.
  public override var overlapping: (any OverlappingBatch)? { nil }

  override func transferOwn(_ snapshot: inout SnapshotCursor) { moments.transfer(&snapshot) }

  override func survey() {
    var playing = 0
    for index in 0..<count where !waits[index] { playing += 1 }
    moments.merge(count: playing) { element in
      var (sum, squares) = (0.0, 0.0)
      for index in 0..<count where !waits[index] { sum += sample(index, element) }
      let mean = sum / Double(playing)
      for index in 0..<count where !waits[index] {
        let difference = sample(index, element) - mean
        squares += difference * difference
      }
      return (mean, squares / Double(playing))
    }
  }

  override func observe(
    _ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow
  ) {
    let shown = target.elements(Float.self)
    let limit = RewardNormalisationBatch.limit
    for element in 0..<elementCount {
      let value =
        (source.number(at: element, elementType) - moments.mean(element))
        / (moments.variance(element) + 1e-8).squareRoot()
      shown[element] = Float(value < -limit ? -limit : value > limit ? limit : value)
    }
  }

  private func sample(_ index: Int, _ element: Int) -> Double {
    rows.after.obs(index).number(at: element, elementType)
  }
}
