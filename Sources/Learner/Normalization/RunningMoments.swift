import Rollout

/// Running means and variances of several quantities over all samples so far.
///
/// Samples arrive in batches and are merged by Chan's formula. The initial state is mean 0 and
/// variance 1 with a weight of 10⁻⁴ samples, as in Gymnasium's `RunningMeanStd`.
final class RunningMoments {
  private(set) var sampleCount = 1e-4
  private let means: FlatVector<Double>
  private let variances: FlatVector<Double>
  /// The sums over all ranks: the number of samples, and two sums of each quantity.
  private lazy var sums = FlatVector<Double>(repeating: 0, count: 1 + 2 * means.count)

  /// Creates the moments of a number of quantities.
  init(count: Int) {
    means = FlatVector(repeating: 0, count: count)
    variances = FlatVector(repeating: 1, count: count)
  }

  /// The number of quantities.
  var count: Int { means.count }

  /// Returns the mean of one quantity.
  func mean(_ index: Int) -> Double { means[index] }

  /// Returns the variance of one quantity: the mean square deviation, without Bessel's correction.
  func variance(_ index: Int) -> Double { variances[index] }

  /// Returns the factor that scales one quantity to standard deviation 1: 1 / √(variance + 10⁻⁸).
  func scale(_ index: Int) -> Double { 1 / (variance(index) + 1e-8).squareRoot() }

  /// Merges the mean and variance of each quantity over a batch of `batchCount` samples.
  ///
  /// With δ = mean of the batch − mean, n samples before and b samples in the batch:
  ///
  ///     mean += δ b / (n + b)
  ///     variance = (n variance + b variance of the batch + δ² n b / (n + b)) / (n + b)
  ///
  /// - Parameters:
  ///   - batchCount: the number of samples of this rank.
  ///   - exchange: the exchange with other ranks, whose samples count too.
  ///   - batch: returns mean and variance of a quantity; not called without samples.
  func merge(
    count batchCount: Int, over exchange: UpdateExchange?,
    _ batch: (Int) -> (mean: Double, variance: Double)
  ) {
    guard let exchange else { return merge(count: batchCount, batch) }
    let count = Double(batchCount)
    let sums = sums
    sums.clear()
    sums[0] = count
    if batchCount > 0 {
      for index in 0..<means.count {
        let (mean, variance) = batch(index)
        // About the mean so far, which is equal at all ranks.
        let difference = mean - means[index]
        sums[1 + 2 * index] = count * difference
        sums[2 + 2 * index] = count * (variance + difference * difference)
      }
    }
    guard exchange.sum(sums) else { return }
    let total = sums[0]
    merge(count: Int(total)) { index in
      let difference = sums[1 + 2 * index] / total
      return (
        means[index] + difference,
        max(0, sums[2 + 2 * index] / total - difference * difference)
      )
    }
  }

  private func merge(count batchCount: Int, _ batch: (Int) -> (mean: Double, variance: Double)) {
    guard batchCount > 0 else { return }
    let (earlier, new) = (sampleCount, Double(batchCount))
    let total = earlier + new
    for index in 0..<means.count {
      let (mean, variance) = batch(index)
      let difference = mean - means[index]
      means[index] += difference * new / total
      variances[index] =
        (variances[index] * earlier + variance * new
          + difference * difference * earlier * new / total) / total
    }
    sampleCount = total
  }

  /// Saves or restores the sample count, means and variances under a name.
  func transfer(_ name: String, _ archive: inout StateArchive) throws(CheckpointError) {
    try archive.transfer("\(name).count", &sampleCount)
    try archive.transfer("\(name).mean", elementsOf: means)
    try archive.transfer("\(name).variance", elementsOf: variances)
    try archive.require(
      "\(name).count", sampleCount > 0 && sampleCount <= 0x1p60, "is \(sampleCount)")
    try archive.require(
      "\(name).variance", variances.elements.allSatisfy { $0 >= 0 }, "has a negative variance")
  }
}
