import Glibc

/// Squares as NumPy's scalars have them: `x ** 2` is the C library's `pow(x, 2)`.
///
/// That is one of the two numbers around the exact square and in one case out of a thousand not the nearer one,
/// which a product is.
@usableFromInline
enum NumPyPower {
  /// `x ** 2` of a float64.
  ///
  /// glibc promises an error below 0.54 ulp, so that the product is equal unless the exact square lies
  /// within 0.04 ulp of the middle between two numbers; only there `pow` is asked.
  @inlinable
  static func square(_ value: Double) -> Double {
    let product = value * value
    #if RLPLAY_FMA
      let error = (-product).addingProduct(value, value)
      // 1.09 > 0.5 / 0.46. The exact error needs a product that is no subnormal number.
      if product + 1.09 * error == product && product > 0x1p-900 { return product }
    #endif
    return power(value, 2)
  }

  /// `x ** 2` of a float32.
  @inlinable
  static func square(_ value: Float) -> Float { power(value, 2) }

  // Not inlined, since the compiler would make products of these.
  @usableFromInline
  @inline(never)
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  @usableFromInline
  @inline(never)
  static func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
}
