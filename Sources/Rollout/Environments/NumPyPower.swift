import Glibc

/// Squares as NumPy's scalars have them: `x ** 2` is the C library's `pow(x, 2)`.
///
/// That is one of the two numbers around the exact square and in one case out of a thousand not the nearer one,
/// which a product is.
@usableFromInline
enum NumPyPower {
  /// `x ** 2` of a float64.
  ///
  /// glibc's error is below 0.511 ulp and what the logarithm adds, 0.0011 ulp for squares up to 2⁴⁰ (the
  /// bounds in its `e_pow.c`). The product is equal unless the exact square lies within 0.0124 ulp of
  /// the middle between two numbers; only near there, in 3 cases of 100, `pow` is asked.
  @inlinable
  static func square(_ value: Double) -> Double {
    let product = value * value
    #if RLPLAY_FMA
      let error = (-product).addingProduct(value, value)
      // 1.03 > 0.5 / (0.5 − 0.0124).
      let isClear = product + 1.03 * error == product
      if isClear && product > 0x1p-40 && product < 0x1p40 { return product }
    #endif
    return power(value, 2)
  }

  /// `x ** 2` of eight float64.
  ///
  /// As of one; `pow` is asked for those that need it.
  @inline(__always)
  static func square(_ values: SIMD8<Double>) -> SIMD8<Double> {
    var products = values * values
    let errors = (SIMD8<Double>.zero - products).addingProduct(values, values)
    let unclear = SIMD8<Int64>.zero
      .replacing(with: 1, where: products + 1.03 * errors .!= products)
      .replacing(with: 1, where: products .<= 0x1p-40)
      .replacing(with: 1, where: products .>= 0x1p40)
    if unclear.wrappedSum() > 0 { settle(&products, of: values, unclear) }
    return products
  }

  @inline(never)
  private static func settle(
    _ products: inout SIMD8<Double>, of values: SIMD8<Double>, _ unclear: SIMD8<Int64>
  ) {
    for lane in 0..<8 where unclear[lane] != 0 && values[lane] != 0 {
      products[lane] = power(values[lane], 2)
    }
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
