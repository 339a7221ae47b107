// Goals, most important first: the C library's sine and cosine, bit for bit; eight at a time.
//
// glibc (2.28 and later, on processors with fused multiply-add) subtracts the nearest multiple of
// π/2 from an angle, using several parts of π/2, and keeps the remainder in double-double
// precision. It computes both functions of the remainder from the nearest multiple of 1/128, with
// sine and cosine tabulated in double-double precision, and a polynomial in the difference. A sine
// of an angle below 0.126 is a polynomial alone. The parts of π/2, the polynomials, the order of
// operations and the fused operations here are those of glibc's machine code. Another C library or
// version may round differently once in a million times: `agreesOnAllAngles` compares the results.

import Glibc

/// A source of sines and cosines: the C library, one at a time, or an equal one, eight at a time.
protocol Trigonometry {
  /// One angle, or eight angles.
  associatedtype Number

  /// Returns sine and cosine of each angle.
  func sineAndCosine(_ angle: Number) -> (sine: Number, cosine: Number)

  /// Returns the cosine of each angle.
  func cosine(_ angle: Number) -> Number
}

/// The C library's sines and cosines.
struct LibraryTrigonometry: Trigonometry {
  /// Calls glibc's `sincos`, which gives the same results as `sin` and `cos`.
  ///
  /// On 20 million angles within ±7, none differed.
  @inline(__always)
  func sineAndCosine(_ angle: Double) -> (sine: Double, cosine: Double) {
    var (sine, cosine) = (0.0, 0.0)
    sincos(angle, &sine, &cosine)
    return (sine, cosine)
  }

  @inline(__always)
  func cosine(_ angle: Double) -> Double { cos(angle) }
}

/// Sines and cosines of eight angles at a time.
struct VectorTrigonometry: Trigonometry {
  typealias Number = SIMD8<Double>

  /// The magnitude below which angles need no subtraction of multiples of π/2.
  static let smallLimit = 0.85546875

  private let rows: UnsafePointer<SIMD4<Double>>

  /// Creates a value that is valid as long as the table exists.
  init(_ table: SineTable) { rows = UnsafePointer(table.rows) }

  /// Returns sine and cosine of each angle.
  ///
  /// - Precondition: no angle exceeds 10⁸ in magnitude.
  @inline(__always)
  func sineAndCosine(_ x: Number) -> (sine: Number, cosine: Number) {
    let (angle, tail, quadrant) = reduced(x)
    let sign = bits(angle) & Self.signBit
    let magnitude = number(bits(angle) ^ sign)
    let turned = number(bits(tail) ^ sign)
    let (row, rest) = row(magnitude)
    let near = magnitude .< Self.nearLimit
    let sine = row.sine(rest, turned, Powers(rest))
      .replacing(with: nearSine(magnitude, turned), where: near)
    let cosine = row.cosine(Powers(rest + turned))

    // The second and fourth quadrants exchange sine and cosine. This is done on bits, because
    // integer comparisons are not vectorized.
    let (sineBits, cosineBits) = (bits(sine) | sign, bits(cosine))
    let changes = (sineBits ^ cosineBits) & (SIMD8<UInt64>.zero &- (quadrant & 1))
    return (
      flipped(sineBits ^ changes, quadrant), flipped(cosineBits ^ changes, quadrant &+ 1)
    )
  }

  @inline(__always)
  func cosine(_ x: Number) -> Number { sineAndCosine(x).cosine }

  /// Returns sine and cosine of angles that need no argument reduction.
  ///
  /// - Precondition: all angles are below `smallLimit` in magnitude.
  @inline(__always)
  func smallSineAndCosine(_ x: Number) -> (sine: Number, cosine: Number) {
    let sign = bits(x) & Self.signBit
    let magnitude = number(bits(x) ^ sign)
    let (row, rest) = row(magnitude)
    let powers = Powers(rest)
    let sine = row.sine(rest, .zero, powers)
      .replacing(with: nearSine(magnitude, .zero), where: magnitude .< Self.nearLimit)
    return (number(bits(sine) | sign), row.cosine(powers))
  }

  // MARK: Parts

  /// Returns remainders modulo π/2 in double-double precision, and the multiples of π/2 removed.
  @inline(__always)
  private func reduced(
    _ x: Number
  ) -> (angle: Number, tail: Number, quadrant: SIMD8<UInt64>) {
    // Adding the shifter leaves the nearest integer in the lowest bits.
    let shifter = all(0x1.8p52)
    var shifted = fused(x, all(0x1.45f306dc9c883p-1), shifter)
    let sign = bits(x) & Self.signBit
    let magnitude = number(bits(x) ^ sign)
    let count = shifter - shifted
    let first = fused(count, all(-0x1.dde973cp-27), fused(count, all(0x1.921fb58p0), x))
    let second = fused(count, all(-0x1.cb3b398p-55), first)
    let secondTail = fused(count, all(-0x1.cb3b398p-55), first - second)
    let third = fused(count, all(-0x1.d747f23e32ed7p-83), second)
    let tail = secondTail + fused(count, all(-0x1.d747f23e32ed7p-83), second - third)

    // Below the small limit nothing is subtracted. From there to 2.43, one π/2 is subtracted, in
    // two parts, although two would be nearer from 3π/4 (2.36) on.
    let (isSmall, isNear) = (magnitude .< Self.smallLimit, magnitude .< 0x1.368fdp1)
    let one = number(bits(all(1)) | sign).replacing(with: 0, where: isSmall)
    let half = number(bits(all(0x1.921fb54442d18p0)) | sign).replacing(with: 0, where: isSmall)
    let halfTail = number(bits(all(0x1.1a62633145c07p-54)) | sign)
      .replacing(with: 0, where: isSmall)
    let near = (x - half) - halfTail
    let nearTail = ((x - half) - near) - halfTail
    shifted = shifted.replacing(with: shifter + one, where: isNear)
    return (
      third.replacing(with: near, where: isNear), tail.replacing(with: nearTail, where: isNear),
      bits(shifted)
    )
  }

  /// Returns the nearest rows of the table, and the differences of the angles from them.
  @inline(__always)
  private func row(_ magnitude: Number) -> (row: Row, rest: Number) {
    // Adding the shifter leaves the nearest multiple of 1/128 in the lowest bits.
    let shifter = all(0x1.8p45)
    let shifted = magnitude + shifter
    let place = bits(shifted) & UInt64(SineTable.rowCount - 1)
    let row = Row(
      pair(place[0], place[1]), pair(place[2], place[3]), pair(place[4], place[5]),
      pair(place[6], place[7]))
    return (row, magnitude - (shifted - shifter))
  }

  /// Returns two rows, one after the other.
  @inline(__always)
  private func pair(_ first: UInt64, _ second: UInt64) -> SIMD8<Double> {
    SIMD8(
      lowHalf: rows[Int(truncatingIfNeeded: first)],
      highHalf: rows[Int(truncatingIfNeeded: second)])
  }

  /// Returns the sine of angles below 0.126 in magnitude, given their tails.
  @inline(__always)
  private func nearSine(_ x: Number, _ tail: Number) -> Number {
    let square = x * x
    var polynomial = all(-0x1.addffc2fcdf59p-26)
    polynomial = fused(polynomial, square, all(0x1.71de27b9a7ed9p-19))
    polynomial = fused(polynomial, square, all(-0x1.a01a019db08b8p-13))
    polynomial = fused(polynomial, square, all(0x1.1111111110ecep-7))
    polynomial = fused(polynomial, square, all(-0x1.5555555555555p-3))
    return x + fused(fused(polynomial, x, -0.5 * tail), square, tail)
  }

  /// Changes the sign in the third and fourth quadrants.
  @inline(__always)
  private func flipped(_ x: SIMD8<UInt64>, _ quadrant: SIMD8<UInt64>) -> Number {
    number(x ^ ((quadrant & 2) &<< 62))
  }

  private static var signBit: SIMD8<UInt64> {
    @inline(__always) get { SIMD8(repeating: 1 << 63) }
  }
  private static var nearLimit: Double {
    @inline(__always) get { 0x1.020c49ba5e354p-3 }
  }
}

/// Powers of the angles' differences from a row of the table, and polynomials in them.
private struct Powers {
  let rest: SIMD8<Double>
  let square: SIMD8<Double>
  let cube: SIMD8<Double>
  /// (sin x − x) / x³.
  let odd: SIMD8<Double>
  /// (1 − cos x) / x².
  let even: SIMD8<Double>

  @inline(__always)
  init(_ rest: SIMD8<Double>) {
    self.rest = rest
    square = rest * rest
    cube = rest * square
    odd = fused(all(0x1.11110e829872fp-7), square, all(-0x1.5555555555515p-3))
    even = fused(
      fused(all(0x1.6c16bedd9e239p-10), square, all(-0x1.5555555555535p-5)), square, all(0.5))
  }
}

/// One row of the table for each of eight angles.
private struct Row {
  let sine: SIMD8<Double>
  let sineTail: SIMD8<Double>
  let cosine: SIMD8<Double>
  let cosineTail: SIMD8<Double>

  /// Rearranges four pairs of rows into columns.
  @inline(__always)
  init(_ a: SIMD8<Double>, _ b: SIMD8<Double>, _ c: SIMD8<Double>, _ d: SIMD8<Double>) {
    let (low, high) = (SIMD16(lowHalf: a, highHalf: b), SIMD16(lowHalf: c, highHalf: d))
    let heads = SIMD16(lowHalf: low.evenHalf, highHalf: high.evenHalf)
    let tails = SIMD16(lowHalf: low.oddHalf, highHalf: high.oddHalf)
    (sine, cosine) = (heads.evenHalf, heads.oddHalf)
    (sineTail, cosineTail) = (tails.evenHalf, tails.oddHalf)
  }

  /// Returns the sine of this row's angle plus the difference and its tail.
  @inline(__always)
  func sine(
    _ rest: SIMD8<Double>, _ tail: SIMD8<Double>, _ powers: Powers
  ) -> SIMD8<Double> {
    let sinePart = rest + fused(powers.cube, powers.odd, tail)
    let cosinePart = fused(rest, tail, powers.square * powers.even)
    return sine
      + fused(
        sinePart, cosine, fused(-cosinePart, sine, fused(sinePart, cosineTail, sineTail)))
  }

  /// Returns the cosine of this row's angle plus the difference.
  @inline(__always)
  func cosine(_ powers: Powers) -> SIMD8<Double> {
    let sinePart = fused(powers.cube, powers.odd, powers.rest)
    let cosinePart = powers.square * powers.even
    return cosine
      + fused(
        -sinePart, sine, fused(-cosinePart, cosine, fused(-sinePart, sineTail, cosineTail)))
  }
}

@inline(__always)
private func all(_ number: Double) -> SIMD8<Double> { SIMD8(repeating: number) }

/// Returns a b + c, rounded once.
@inline(__always)
private func fused(
  _ a: SIMD8<Double>, _ b: SIMD8<Double>, _ c: SIMD8<Double>
) -> SIMD8<Double> {
  c.addingProduct(a, b)
}

@inline(__always)
private func bits(_ x: SIMD8<Double>) -> SIMD8<UInt64> {
  unsafeBitCast(x, to: SIMD8<UInt64>.self)
}

@inline(__always)
private func number(_ bits: SIMD8<UInt64>) -> SIMD8<Double> {
  unsafeBitCast(bits, to: SIMD8<Double>.self)
}

/// glibc's extension, which Swift's Glibc module does not export.
@_silgen_name("sincos")
private func sincos(
  _ angle: Double, _ sine: UnsafeMutablePointer<Double>, _ cosine: UnsafeMutablePointer<Double>)
