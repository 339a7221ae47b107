import Glibc

/// Squares as computed by NumPy's scalars: `x ** 2` is the C library's `pow(x, 2)`.
///
/// The result is one of the two numbers around the exact square. In about one case in a thousand it
/// is not the nearer one, whereas a product always is.
@usableFromInline
enum NumPyPower {
  /// Returns `x ** 2` of a float64.
  ///
  /// glibc's error is below 0.511 ulp plus the logarithm's share, 0.0011 ulp for squares up to 2⁴⁰
  /// (the bounds in its `e_pow.c`). The product is equal unless the exact square lies within 0.0124
  /// ulp of the midpoint between two numbers. Only in that range, in 3 cases of 100, is `pow`
  /// called.
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

  /// Returns `x ** 2` of eight float64.
  ///
  /// It works as for one number; `pow` is called only for the lanes that need it.
  @inline(__always)
  static func square(_ values: SIMD8<Double>) -> SIMD8<Double> {
    var products = values * values
    let errors = (SIMD8<Double>.zero - products).addingProduct(values, values)
    let unclear =
      (products + 1.03 * errors .!= products) .| (products .<= 0x1p-40) .| (products .>= 0x1p40)
    if unclear.bytes != 0 { settle(&products, of: values, unclear.bytes) { power($0, 2) } }
    return products
  }

  /// Returns `x ** 2` of a float32.
  ///
  /// The relative error of glibc's `powf` is below 2⁻²⁹ before rounding, for squares between 2⁻¹¹
  /// and 2¹¹: log₂(x²) is at most 11 then (the bounds in its `e_powf.c`). The square is exact in
  /// double precision. `powf` is called only if the error could change the rounded square, in 5
  /// cases of 100.
  @inlinable
  static func square(_ value: Float) -> Float {
    let exact = Double(value) * Double(value)
    let (low, high) = (Float(exact - powfError * exact), Float(exact + powfError * exact))
    if low == high && exact > 0x1p-11 && exact < 0x1p11 { return low }
    return power(value, 2)
  }

  /// Returns `x ** 2` of eight float32.
  ///
  /// It works as for one number; `powf` is called only for the lanes that need it.
  @inline(__always)
  static func square(_ values: SIMD8<Float>) -> SIMD8<Float> {
    let exact = SIMD8<Double>(values) * SIMD8<Double>(values)
    var squares = SIMD8<Float>(exact - powfError * exact)
    let above = SIMD8<Double>(SIMD8<Float>(exact + powfError * exact))
    let unclear = (SIMD8<Double>(squares) .!= above) .| (exact .<= 0x1p-11) .| (exact .>= 0x1p11)
    if unclear.bytes != 0 { settle(&squares, of: values, unclear.bytes) { power($0, 2) } }
    return squares
  }

  /// Replaces the squares of the lanes whose byte is set.
  @inline(never)
  private static func settle<Scalar: BinaryFloatingPoint & SIMDScalar>(
    _ squares: inout SIMD8<Scalar>, of values: SIMD8<Scalar>, _ unclear: UInt64,
    by square: (Scalar) -> Scalar
  ) {
    var rest = unclear
    while rest != 0 {
      let lane = rest.trailingZeroBitCount / 8
      rest &= ~(0xff &<< UInt64(8 &* lane))
      if values[lane] != 0 { squares[lane] = square(values[lane]) }
    }
  }

  @usableFromInline static var powfError: Double {
    @inline(__always) get { 0x1p-29 }
  }

  // Not inlined, because the compiler would turn these calls into products.
  @usableFromInline
  @inline(never)
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  @usableFromInline
  @inline(never)
  static func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
}
