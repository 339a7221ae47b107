/// A comparison of two ways to do the same work again and again, by measured time.
///
/// In every period of 512 pieces of work, the first 16 are done alternately in the first and the
/// second way. The others use the way that won most of these 8 pairs. A majority vote keeps single
/// disturbed measurements from deciding.
package struct PaceComparison {
  /// The number of pairs in a comparison.
  static let pairCount = 8
  /// The pieces of work from one comparison to the next, including the compared pairs.
  static let period = 512

  private var piece = 0
  private var firstNanoseconds: UInt64 = 0
  private var winCount = 0
  private var isSecondFaster = false

  /// Creates a comparison before its first pair.
  package init() {}

  /// True if the next piece of work is to be done in the second way.
  package var isSecondNext: Bool {
    piece < 2 * Self.pairCount ? piece % 2 == 1 : isSecondFaster
  }

  /// Adds the duration of the work that was just done in the way of `isSecondNext`.
  package mutating func add(nanoseconds: UInt64) {
    if piece < 2 * Self.pairCount {
      if isSecondNext {
        winCount += nanoseconds < firstNanoseconds ? 1 : 0
      } else {
        firstNanoseconds = nanoseconds
      }
    }
    piece += 1
    if piece == 2 * Self.pairCount {
      isSecondFaster = winCount > Self.pairCount / 2
      winCount = 0
    } else if piece == Self.period {
      piece = 0
    }
  }
}
