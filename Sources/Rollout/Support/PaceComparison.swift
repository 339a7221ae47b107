/// A comparison of two ways to do the same work again and again, by measured time.
///
/// Work is done in turns, and each turn in one of the two ways. In every period of 512 turns, the
/// first 16 alternate between the first and the second way. The others use the way that won most
/// of these 8 pairs. A majority vote keeps single disturbed measurements from deciding.
package struct PaceComparison {
  /// The number of pairs in a comparison.
  static let pairCount = 8
  /// The number of turns from one comparison to the next, including the compared pairs.
  static let period = 512

  private let turnLength: Int
  private var turn = 0
  /// The pieces of work in the present turn so far, and the time that they took.
  private var pieceCount = 0
  private var turnNanoseconds: UInt64 = 0
  private var firstNanoseconds: UInt64 = 0
  private var winCount = 0
  private var isSecondFaster = false

  /// Creates a comparison whose turns have a number of pieces of work.
  ///
  /// Longer turns suit short work that is slower directly after a change of the way.
  package init(turnLength: Int = 1) { self.turnLength = turnLength }

  /// True if the next piece of work is to be done in the second way.
  package var isSecondNext: Bool {
    turn < 2 * Self.pairCount ? turn % 2 == 1 : isSecondFaster
  }

  /// Adds the duration of the work that was just done in the way of `isSecondNext`.
  package mutating func add(nanoseconds: UInt64) {
    turnNanoseconds &+= nanoseconds
    pieceCount += 1
    guard pieceCount == turnLength else { return }
    endTurn()
    pieceCount = 0
    turnNanoseconds = 0
  }

  private mutating func endTurn() {
    if turn < 2 * Self.pairCount {
      if isSecondNext {
        winCount += turnNanoseconds < firstNanoseconds ? 1 : 0
      } else {
        firstNanoseconds = turnNanoseconds
      }
    }
    turn += 1
    if turn == 2 * Self.pairCount {
      isSecondFaster = winCount > Self.pairCount / 2
      winCount = 0
    } else if turn == Self.period {
      turn = 0
    }
  }
}
