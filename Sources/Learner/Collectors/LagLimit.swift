/// A bound on the policy lag, enforced by the number of fragments that workers may use.
///
/// Let n be the number of fragments per batch and g the number gathered for the current one. At
/// most (N + 1)·n − g fragments are free, being filled or ready. The learner withholds the others:
/// their state is *learning*, so workers need not know about the limit. A claimed fragment is then
/// learned from at most N updates later, unless other workers overtake its worker
/// (docs/architecture.md, "Versions and lag").
struct LagLimit {
  /// N, the largest policy lag to learn from.
  let largest: Int

  private let bufferCount: Int
  private let fragmentsPerBatch: Int
  private var withheld: [Int]

  /// Creates a limit without withheld fragments.
  init(_ largest: Int, bufferCount: Int, fragmentsPerBatch: Int) {
    self.largest = largest
    self.bufferCount = bufferCount
    self.fragmentsPerBatch = fragmentsPerBatch
    withheld = []
    withheld.reserveCapacity(bufferCount)
  }

  /// The fragments that workers may use at the start of a batch.
  var most: Int { min(bufferCount, room(gathered: 0)) }

  /// Withholds the surplus fragments before any worker starts.
  mutating func withholdSurplus(_ withhold: (Int) -> Void) {
    for buffer in most..<bufferCount {
      withhold(buffer)
      withheld.append(buffer)
    }
  }

  /// Withholds a fragment that was copied into the batch, if there are too many.
  ///
  /// - Parameter gathered: g, including this fragment.
  /// - Returns: true if the fragment is withheld.
  mutating func withholds(_ buffer: Int, gathered: Int) -> Bool {
    guard bufferCount - withheld.count > room(gathered: gathered) else { return false }
    withheld.append(buffer)
    return true
  }

  /// Returns a withheld fragment that may be released to workers; nil if there is none.
  ///
  /// - Parameter gathered: g.
  mutating func returned(gathered: Int) -> Int? {
    bufferCount - withheld.count < room(gathered: gathered) ? withheld.popLast() : nil
  }

  private func room(gathered: Int) -> Int { (largest + 1) * fragmentsPerBatch - gathered }
}
