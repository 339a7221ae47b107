/// A comparison of two ways to do the same work again and again, by measured time.
///
/// In every period of 512 pieces of work, the first 16 are done alternately in the first and the
/// second way. The others use the way that won most of these 8 pairs. A majority vote keeps single
/// disturbed measurements from deciding. A period ends early if the chosen way becomes a quarter
/// slower than its mean in the comparison, for four pieces in a row: other programs may have made
/// the other way the faster one.
package struct PaceComparison {
  /// The number of pairs in a comparison.
  static let pairCount = 8
  /// The pieces of work from one comparison to the next, including the compared pairs.
  static let period = 512
  /// The smallest number of them, if the chosen way becomes slower.
  static let shortestPeriod = 64
  /// The slow pieces in a row that end a period.
  static let slowPieceCount = 4

  private var piece = 0
  private var firstNanoseconds: UInt64 = 0
  private var winCount = 0
  /// The time of each way in the pairs of the comparison.
  private var sums: (first: UInt64, second: UInt64) = (0, 0)
  /// The time of a piece in the chosen way above which it counts as slow.
  private var slowNanoseconds: UInt64 = 0
  private var slowCount = 0
  private var isSecondFaster = false

  /// Creates a comparison before its first pair.
  package init() {}

  /// True if the next piece of work is to be done in the second way.
  package var isSecondNext: Bool {
    piece < 2 * Self.pairCount ? piece % 2 == 1 : isSecondFaster
  }

  /// Adds the duration of the work that was just done in the way of `isSecondNext`.
  package mutating func add(nanoseconds: UInt64) {
    if piece >= 2 * Self.pairCount {
      slowCount = nanoseconds > slowNanoseconds ? slowCount + 1 : 0
    } else if isSecondNext {
      winCount += nanoseconds < firstNanoseconds ? 1 : 0
      sums.second += nanoseconds
    } else {
      firstNanoseconds = nanoseconds
      sums.first += nanoseconds
    }
    piece += 1
    if piece == 2 * Self.pairCount {
      isSecondFaster = winCount > Self.pairCount / 2
      let mean = (isSecondFaster ? sums.second : sums.first) / UInt64(Self.pairCount)
      slowNanoseconds = mean + mean / 4
      (winCount, sums, slowCount) = (0, (0, 0), 0)
    } else if piece >= Self.period
      || piece >= Self.shortestPeriod && slowCount >= Self.slowPieceCount
    {
      piece = 0
    }
  }
}
