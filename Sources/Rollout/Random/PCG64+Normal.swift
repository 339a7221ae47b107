import Glibc

extension PCG64 {
  /// Returns a number with the standard normal distribution, by the Box–Muller transform.
  ///
  ///     √(−2 ln(1 − u₁)) · cos(2π u₂)
  ///
  /// It takes two words and discards the sine, so the stream has no state besides the generator's.
  /// NumPy's `standard_normal` uses the ziggurat method and gives other numbers.
  public mutating func standardNormal() -> Double {
    // 1 − u lies in (0, 1], so the logarithm is finite.
    let radius = (-2 * log(1 - nextDouble())).squareRoot()
    return radius * cos(2 * Double.pi * nextDouble())
  }
}
