/// A comparison of two ways to collect a fragment, by measured time.
///
/// Stepping halves in turn overlaps inference and process wake-ups with environment steps. But it
/// needs twice as many messages, and two small batches cost the network more than a large one. The
/// balance depends on the network, the environments and the number of idle processors. In every
/// period of 512 fragments, the first 16 are collected alternately in the first and the second way.
/// The others use the way that won most of these 8 pairs. A majority vote keeps single disturbed
/// measurements from deciding.
struct PaceComparison {
  /// The number of pairs in a comparison.
  static let pairCount = 8
  /// The number of fragments from one comparison to the next, including the compared pairs.
  static let period = 512

  private var fragment = 0
  private var firstNanoseconds: UInt64 = 0
  private var winCount = 0
  private var isSecondFaster = false

  /// True if the next fragment is to be collected in the second way.
  var isSecondNext: Bool {
    fragment < 2 * Self.pairCount ? fragment % 2 == 1 : isSecondFaster
  }

  /// Adds the duration of the fragment that was just collected in the way of `isSecondNext`.
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
