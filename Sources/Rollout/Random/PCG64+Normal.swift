import Glibc

extension PCG64 {
  /// A number of the standard normal distribution, by Box and Muller.
  ///
  ///     √(−2 ln(1 − u₁)) · cos(2π u₂)
  ///
  /// Takes two words and drops the sine, so that a stream holds nothing beside its state. NumPy's
  /// `standard_normal` is a ziggurat and gives other numbers.
  public mutating func standardNormal() -> Double {
    // 1 − u lies in (0, 1]: the logarithm is finite.
    let radius = (-2 * log(1 - nextDouble())).squareRoot()
    return radius * cos(2 * Double.pi * nextDouble())
  }
}
