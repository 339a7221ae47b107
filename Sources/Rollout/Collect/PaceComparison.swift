/// Which of two ways of collecting a fragment is the faster one, found out by doing.
///
/// Halves that overlap hide the policy's time and the processes' wake-ups behind the environments' time, but there are twice as
/// many messages, and a network costs more for two small batches than for one: which weighs more depends on the network, the
/// environments and the processors that nobody else needs. So now and then some fragments are collected one way and
/// the other in turn, and the rest in the way that was the faster one in most of these pairs, whatever disturbed single ones.
struct PaceComparison {
  /// How many pairs are compared.
  static let pairCount = 8
  /// How many fragments there are from one comparison to the next, the pairs among them.
  static let period = 512

  private var fragment = 0
  private var firstNanoseconds: UInt64 = 0
  private var winCount = 0
  private var isSecondFaster = false

  /// Whether the second way is next.
  var isSecondNext: Bool {
    fragment < 2 * Self.pairCount ? fragment % 2 == 1 : isSecondFaster
  }

  /// Counts a fragment that was collected in the way that was next.
  mutating func add(nanoseconds: UInt64) {
    if fragment < 2 * Self.pairCount {
      if isSecondNext {
        winCount += nanoseconds < firstNanoseconds ? 1 : 0
      } else {
        firstNanoseconds = nanoseconds
      }
    }
    fragment += 1
    if fragment == 2 * Self.pairCount {
      isSecondFaster = winCount > Self.pairCount / 2
      winCount = 0
    } else if fragment == Self.period {
      fragment = 0
    }
  }
}
