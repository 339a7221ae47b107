/// Sine and cosine of k / 128, each as a Double and what a Double leaves of it: sine, its rest, cosine, its rest.
final class SineTable: Sendable {
  /// The process's table, made when it is first asked for.
  static let shared = SineTable()

  /// A power of two, so that any bits name a row; those from `usedCount` on are never asked for.
  static let rowCount = 128
  /// As many as angles below 0.86 need.
  private static let usedCount = 111

  nonisolated(unsafe) let rows: UnsafeMutablePointer<SIMD4<Double>>

  init() {
    rows = .allocate(capacity: Self.rowCount)
    rows.initialize(repeating: SIMD4(), count: Self.rowCount)
    for place in 0..<Self.usedCount { rows[place] = Self.row(place) }
  }

  deinit { rows.deallocate() }

  /// The series of both in units of 2⁻¹²⁰, each term rounded down.
  ///
  /// What a Double is nearest to is exact, compared with arithmetic of 400 bits; what it leaves is within a few units of its own
  /// last place, as the C library's is.
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

  /// In two short divisions, where the library's of two UInt128 is a long one.
  private static func quotient(_ dividend: UInt128, by divisor: UInt64) -> UInt128 {
    let high = UInt64(dividend >> 64).quotientAndRemainder(dividingBy: divisor)
    let low = divisor.dividingFullWidth((high.remainder, UInt64(truncatingIfNeeded: dividend)))
    return UInt128(high.quotient) << 64 | UInt128(low.quotient)
  }

  /// The nearest Double and what it leaves, by way of 64 bits, which a single instruction converts.
  private static func split(_ fixed: UInt128) -> (head: Double, tail: Double) {
    let unit = Double(sign: .plus, exponent: -fractionBits, significand: 1)
    let (dropped, kept) = (57, 4)
    // A bit for all that are dropped, so that what is above the middle is rounded up.
    let sticky: UInt64 = fixed << (128 - dropped) == 0 ? 0 : 1
    let head = Double(UInt64(fixed >> dropped) | sticky)
    let rest = Int128(fixed) - Int128(UInt64(head)) << dropped
    return (
      head * unit * Double(1 << dropped), Double(Int64(rest >> kept)) * unit * Double(1 << kept)
    )
  }

  private static let fractionBits = 120
}
