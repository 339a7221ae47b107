import Actor

// Means that leave out steps which nobody played. Where no environment may wait they are plain means, and cost nothing.
extension Trajectory {
  /// Numbers of steps, [T, B], and 0 where nobody played; what stands there is not seen, not even NaN.
  func whilePlaying(_ numbers: Tensor) -> Tensor {
    mayWait ? waits.choosing(zero, otherwise: numbers) : numbers
  }

  /// The mean of numbers [T, B] over the environments that played, at each row [T]; 0 where none did.
  func meanOverEnvironments(_ numbers: Tensor) -> Tensor {
    guard mayWait else { return numbers.meanOverLastAxis() }
    let counts = played.sumOverLastAxis().clamped(to: 1...Double(numbers.lastAxis))
    return whilePlaying(numbers).sumOverLastAxis() / counts
  }
}

extension Tensor {
  /// The mean of numbers [T, B] over the steps that were played.
  func mean(over steps: Trajectory) -> Tensor {
    steps.mayWait ? steps.whilePlaying(self).sum() / steps.playedCount : mean()
  }

  /// (x − mean) / (σ + 10⁻⁸) over the steps that were played, σ the root of the unbiased variance, and 0 where an environment
  /// waits; passes no gradient.
  func normalised(over steps: Trajectory) -> Tensor {
    let fixed = stopGradient()
    let centred = steps.whilePlaying(fixed - fixed.mean(over: steps))
    var deviation = centred.standardDeviation()
    if steps.mayWait {
      // That over all steps divides by their number less one; that of those played takes its place.
      let others = Double(max(1, elementCount - 1))
      let enlargement = log(
        graph.constant(others) / (steps.playedCount - 1).clamped(to: 1...others))
      deviation = deviation * exp(0.5 * enlargement)
    }
    return centred / (deviation + 1e-8)
  }
}
