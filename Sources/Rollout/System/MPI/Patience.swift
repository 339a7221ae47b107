/// The pauses of a rank between its looks for the end of an operation.
///
/// The cores are the workers', so waiting for a late rank must not take them. But a sleep takes
/// longer than a short operation, and ranks that sleep in turns make each other wait every time. So
/// a rank yields its core for about twice as long as recent operations of that size took, and
/// sleeps from then on.
struct Patience {
  /// The moving averages of the times in nanoseconds, by the number of bits of the byte count.
  private var recent = InlineArray<65, UInt64>(repeating: 100_000)

  /// The time of yielding that is added for ranks that do not come at the same moment.
  private static let margin: UInt64 = 100_000
  private static let largest: UInt64 = 1_000_000

  /// Returns the nanoseconds to sleep; 0 to yield.
  func sleepNanoseconds(after elapsed: UInt64, byteCount: Int) -> UInt64 {
    let yields = min(2 * recent[Self.index(byteCount)] + Self.margin, Self.largest)
    return elapsed < yields ? 0 : elapsed < 2 * Self.largest ? 20_000 : 50_000
  }

  /// Takes the time of an operation into account.
  mutating func record(_ nanoseconds: UInt64, byteCount: Int) {
    let index = Self.index(byteCount)
    recent[index] = (7 * recent[index] + min(nanoseconds, Self.largest)) / 8
  }

  private static func index(_ byteCount: Int) -> Int {
    byteCount.bitWidth - byteCount.leadingZeroBitCount
  }
}
