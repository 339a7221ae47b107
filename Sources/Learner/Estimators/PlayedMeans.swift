import Actor

// Means over the steps that were played. If no environment may wait, they are plain means at no
// extra cost.
extension Trajectory {
  /// Returns numbers [T, B] with 0 at the steps that were not played, even if they are NaN there.
  public func whilePlaying(_ numbers: Tensor) -> Tensor {
    mayWait ? waits.choosing(zero, otherwise: numbers) : numbers
  }

  /// Returns the mean [T] of numbers [T, B] over the environments that were played at each row.
  ///
  /// The mean is 0 at a row without a played step.
  func meanOverEnvironments(_ numbers: Tensor) -> Tensor {
    guard mayWait else { return numbers.meanOverLastAxis() }
    let counts = played.sumOverLastAxis().clamped(to: 1...Double(numbers.lastAxis))
    return whilePlaying(numbers).sumOverLastAxis() / counts
  }

  /// Returns (x − mean) / (σ + 10⁻⁸) of numbers [T, B] over each environment's played steps, and 0
  /// at the others.
  ///
  /// σ is the square root of the unbiased variance, and 0 for a single step. No gradient passes.
  func normalizedByEnvironment(_ numbers: Tensor) -> Tensor {
    let rows = whilePlaying(numbers.stopGradient()).swappingLastAxes()
    let isPlayed = played.swappingLastAxes()
    let counts = isPlayed.sumOverLastAxis().clamped(to: 1...Double(rows.lastAxis))
    let centered = isPlayed * (rows - rows.sumOverLastAxis() / counts)
    let others = (counts - 1).clamped(to: 1...Double(max(1, rows.lastAxis - 1)))
    let variance = centered.squared().sumOverLastAxis() / others
    return (centered / (exp(0.5 * log(variance)) + 1e-8)).swappingLastAxes()
  }
}

extension Tensor {
  /// Returns the mean of numbers [T, B] over the steps that were played.
  public func mean(over steps: Trajectory) -> Tensor {
    steps.mayWait ? steps.whilePlaying(self).sum() / steps.playedCount : mean()
  }

  /// Returns the variance of numbers [T, B] over the steps that were played; no gradient passes.
  func variance(over steps: Trajectory) -> Tensor {
    let fixed = stopGradient()
    return (fixed - fixed.mean(over: steps)).squared().mean(over: steps)
  }

  /// Returns (x − mean) / (σ + 10⁻⁸) over the steps that were played, and 0 for the others.
  ///
  /// σ is the square root of the unbiased variance. No gradient passes.
  public func normalized(over steps: Trajectory) -> Tensor {
    let fixed = stopGradient()
    let centered = steps.whilePlaying(fixed - fixed.mean(over: steps))
    var deviation = centered.standardDeviation()
    if steps.mayWait {
      // `standardDeviation` divides by the number of all steps minus 1. The correction replaces it
      // by the number of played steps minus 1.
      let others = Double(max(1, elementCount - 1))
      let enlargement = log(
        graph.constant(others) / (steps.playedCount - 1).clamped(to: 1...others))
      deviation = deviation * exp(0.5 * enlargement)
    }
    return centered / (deviation + 1e-8)
  }
}
