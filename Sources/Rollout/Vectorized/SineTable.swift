/// Sine and cosine of k / 128 in double-double precision: sine, its tail, cosine, its tail.
final class SineTable: Sendable {
  /// The table of the process, created on first use.
  static let shared = SineTable()

  /// The number of rows, a power of two, so that masked bits always index a row.
  ///
  /// Rows from `usedCount` on are never read.
  static let rowCount = 128
  /// The number of rows that angles below 0.86 need.
  private static let usedCount = 111

  nonisolated(unsafe) let rows: UnsafeMutablePointer<SIMD4<Double>>

  init() {
    rows = .allocate(capacity: Self.rowCount)
    rows.initialize(repeating: SIMD4(), count: Self.rowCount)
    for place in 0..<Self.usedCount { rows[place] = Self.row(place) }
  }

  deinit { rows.deallocate() }

  /// Sums both series in units of 2⁻¹²⁰, rounding each term down.
  ///
  /// The heads are exact, compared with 400-bit arithmetic. The tails are within a few units in
  /// their own last place, as are the C library's.
  private static func row(_ place: Int) -> SIMD4<Double> {
    var term = UInt128(1) << fractionBits
    var (sine, cosine): (UInt128, UInt128) = (0, 0)
    var exponent: UInt64 = 0
    while term > 0 {
      switch exponent & 3 {
      case 0: cosine &+= term
      case 1: sine &+= term
      case 2: cosine &-= term
      default: sine &-= term
      }
      exponent += 1
      term = quotient((term * UInt128(place)) >> 7, by: exponent)
    }
    let (sineHead, sineTail) = split(sine)
    let (cosineHead, cosineTail) = split(cosine)
    return SIMD4(sineHead, sineTail, cosineHead, cosineTail)
  }

  /// Divides in two short divisions, where the library's UInt128 division is one long division.
  private static func quotient(_ dividend: UInt128, by divisor: UInt64) -> UInt128 {
    let high = UInt64(dividend >> 64).quotientAndRemainder(dividingBy: divisor)
    let low = divisor.dividingFullWidth((high.remainder, UInt64(truncatingIfNeeded: dividend)))
    return UInt128(high.quotient) << 64 | UInt128(low.quotient)
  }

  /// Splits a number into the nearest Double and a tail.
  ///
  /// Both parts are converted from 64-bit integers, which takes a single instruction.
  private static func split(_ fixed: UInt128) -> (head: Double, tail: Double) {
    let unit = Double(sign: .plus, exponent: -fractionBits, significand: 1)
    let (dropped, kept) = (57, 4)
    // One bit stands for all dropped bits, so that a value above the midpoint is rounded up.
    let sticky: UInt64 = fixed << (128 - dropped) == 0 ? 0 : 1
    let head = Double(UInt64(fixed >> dropped) | sticky)
    let rest = Int128(fixed) - Int128(UInt64(head)) << dropped
    return (
      head * unit * Double(1 << dropped), Double(Int64(rest >> kept)) * unit * Double(1 << kept)
    )
  }

  private static let fractionBits = 120
}
