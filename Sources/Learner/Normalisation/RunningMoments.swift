import Rollout

/// Means and variances of several quantities over all that was seen of them so far.
///
/// Samples come in batches, which Chan's formula merges with what there is. It begins with mean 0 and variance 1,
/// of 10⁻⁴ samples, as Gymnasium's `RunningMeanStd`.
final class RunningMoments {
  private(set) var sampleCount = 1e-4
  private let means: FlatVector<Double>
  private let variances: FlatVector<Double>

  /// Prepares as many quantities.
  init(count: Int) {
    means = FlatVector(repeating: 0, count: count)
    variances = FlatVector(repeating: 1, count: count)
  }

  /// How many quantities there are.
  var count: Int { means.count }

  /// The mean of one quantity.
  func mean(_ index: Int) -> Double { means.base[index] }

  /// The variance of one quantity, that of the samples themselves.
  func variance(_ index: Int) -> Double { variances.base[index] }

  /// What brings one quantity to the deviation 1: 1 / √(variance + 10⁻⁸).
  func scale(_ index: Int) -> Double { 1 / (variance(index) + 1e-8).squareRoot() }

  /// Merges a batch: for each quantity its mean and variance over `batchCount` samples.
  ///
  /// δ = mean of the batch − mean; with n samples before and b in the batch
  ///
  ///     mean += δ b / (n + b)
  ///     variance = (n variance + b variance of the batch + δ² n b / (n + b)) / (n + b)
  func merge(count batchCount: Int, _ batch: (Int) -> (mean: Double, variance: Double)) {
    guard batchCount > 0 else { return }
    let (earlier, new) = (sampleCount, Double(batchCount))
    let total = earlier + new
    for index in 0..<means.count {
      let (mean, variance) = batch(index)
      let difference = mean - means.base[index]
      means.base[index] += difference * new / total
      variances.base[index] =
        (variances.base[index] * earlier + variance * new
          + difference * difference * earlier * new / total) / total
    }
    sampleCount = total
  }

  /// Samples, means and variances, under a name.
  func transfer(_ name: String, _ archive: inout StateArchive) throws(CheckpointError) {
    try archive.transfer("\(name).count", &sampleCount)
    try archive.transfer("\(name).mean", means)
    try archive.transfer("\(name).variance", variances)
  }
}
