/// Bounds how old the weights behind a batch's fragments may be: how many fragments workers have between them.
///
/// With n fragments to a batch, of which g are there, at most (N + 1)·n − g are free, being filled or ready. The learner
/// withholds the others: their words say *learning*, so that workers need not know of any limit. What is claimed then comes up at
/// the latest N updates on, unless its worker is overtaken (docs/architecture.md, "Versions and lag").
struct LagLimit {
  /// N, the largest lag that is learnt from.
  let largest: Int

  private let bufferCount: Int
  private let fragmentsPerBatch: Int
  private var withheld: [Int]

  /// A limit, with nothing withheld yet.
  init(_ largest: Int, bufferCount: Int, fragmentsPerBatch: Int) {
    self.largest = largest
    self.bufferCount = bufferCount
    self.fragmentsPerBatch = fragmentsPerBatch
    withheld = []
    withheld.reserveCapacity(bufferCount)
  }

  /// The fragments that workers have between them when a turn begins.
  var most: Int { min(bufferCount, room(gathered: 0)) }

  /// Takes the fragments that are too many out of the reach of workers, before any of them starts.
  mutating func withholdSurplus(_ withhold: (Int) -> Void) {
    for buffer in most..<bufferCount {
      withhold(buffer)
      withheld.append(buffer)
    }
  }

  /// Whether a fragment that was copied into the batch is kept from workers.
  ///
  /// - Parameter gathered: g, it included.
  mutating func withholds(_ buffer: Int, gathered: Int) -> Bool {
    guard bufferCount - withheld.count > room(gathered: gathered) else { return false }
    withheld.append(buffer)
    return true
  }

  /// A fragment that is withheld and may go back to workers; nil when there is none.
  ///
  /// - Parameter gathered: g.
  mutating func returned(gathered: Int) -> Int? {
    bufferCount - withheld.count < room(gathered: gathered) ? withheld.popLast() : nil
  }

  private func room(gathered: Int) -> Int { (largest + 1) * fragmentsPerBatch - gathered }
}
