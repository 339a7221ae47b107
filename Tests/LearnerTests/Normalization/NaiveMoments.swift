/// Mean and variance of all numbers at once, with the prior of 10⁻⁴ samples of mean 0, variance 1.
struct NaiveMoments {
  let mean: Double
  let variance: Double

  init(_ samples: [Double]) {
    let total = 1e-4 + Double(samples.count)
    let mean = samples.reduce(0, +) / total
    let squares = samples.reduce(1e-4 * (1 + mean * mean)) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    variance = squares / total
  }

  /// 1 / √(variance + 10⁻⁸).
  var scale: Double { 1 / (variance + 1e-8).squareRoot() }
}
