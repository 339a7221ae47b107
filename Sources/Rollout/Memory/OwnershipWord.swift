import Synchronization

/// Whose a fragment is at this moment: the value of its ownership word.
///
/// The two top bits of the word are the state; zero-filled memory is free.
///
///     bits 63…62   61…32        31…0
///     00  free     0            0
///     01  filling  worker       incarnation
///     10  ready    ticket (62 bits)
///     11  learning 0            0
package enum OwnershipState: Sendable, Equatable {
  /// Nobody's: any worker may claim it.
  case free

  /// The worker's, to write, in that incarnation of its process.
  case filling(worker: Int, incarnation: UInt32)

  /// Whole and nobody's: the learner takes the one with the lowest ticket.
  case ready(ticket: UInt64)

  /// The learner's, to read.
  case learning

  /// One more than the largest worker that a word can name.
  package static let workerLimit = 1 << 30

  /// The word for this state.
  ///
  /// - Precondition: the worker is below ``workerLimit``, the ticket below 2⁶².
  package var word: UInt64 {
    switch self {
    case .free:
      return 0
    case .filling(let worker, let incarnation):
      precondition(worker >= 0 && worker < Self.workerLimit, "no word can name worker \(worker)")
      return Self.fillingTag | UInt64(worker) << 32 | UInt64(incarnation)
    case .ready(let ticket):
      precondition(ticket <= Self.payload, "the tickets are used up")
      return Self.readyTag | ticket
    case .learning:
      return Self.learningWord
    }
  }

  /// The state that a word tells.
  package init(word: UInt64) {
    switch word & ~Self.payload {
    case Self.fillingTag:
      self = .filling(
        worker: Int((word & Self.payload) >> 32), incarnation: UInt32(truncatingIfNeeded: word))
    case Self.readyTag:
      self = .ready(ticket: word & Self.payload)
    case Self.learningWord:
      self = .learning
    default:
      self = .free
    }
  }

  // The hot paths compare words by these and decode nothing.
  static let payload: UInt64 = 1 << 62 - 1
  static let fillingTag: UInt64 = 1 << 62
  static let readyTag: UInt64 = 2 << 62
  static let learningWord: UInt64 = 3 << 62
}

/// The word that says whose one fragment is; docs/shared-memory.md draws its transitions.
///
/// Any worker: free → filling. The worker named: filling → ready (publishes the fragment's bytes),
/// filling → free. The learner: ready → learning → free, and filling → free for the dead.
package struct OwnershipWord: @unchecked Sendable {
  let word: UnsafeMutablePointer<AtomicWord>

  /// The state right now, which another process may change at once.
  package var state: OwnershipState {
    OwnershipState(word: word.pointee.load(ordering: .acquiring))
  }

  /// Changes one state into another; whether it was in the first one.
  ///
  /// Acquires what the store of the old value published, and publishes the caller's own writes.
  @inline(__always)
  func exchange(_ old: UInt64, for new: UInt64) -> Bool {
    word.pointee.compareExchange(
      expected: old, desired: new, successOrdering: .acquiringAndReleasing,
      failureOrdering: .relaxed
    ).exchanged
  }

  /// Whether the state is free; only a look, to spare a compare-and-swap.
  @inline(__always)
  var looksFree: Bool { word.pointee.load(ordering: .relaxed) == 0 }
}
