import Synchronization

/// The ownership of a fragment: the decoded value of its ownership word.
///
/// The two top bits of the word are the state. Zero-filled memory is free.
///
///     bits 63…62   61…32        31…0
///     00  free     0            0
///     01  filling  worker       incarnation
///     10  ready    ticket (62 bits)
///     11  learning 0            0
package enum OwnershipState: Sendable, Equatable {
  /// Free; any worker may claim it.
  case free

  /// Being written by the worker, in that incarnation of its process.
  case filling(worker: Int, incarnation: UInt32)

  /// Complete and unowned; the learner takes the one with the lowest ticket.
  case ready(ticket: UInt64)

  /// Being read by the learner.
  case learning

  /// One more than the largest worker index that a word can hold.
  package static let workerLimit = 1 << 30

  /// The word that encodes this state.
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

  /// Decodes a word.
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

  // The hot paths compare words with these values and decode nothing.
  static let payload: UInt64 = 1 << 62 - 1
  static let fillingTag: UInt64 = 1 << 62
  static let readyTag: UInt64 = 2 << 62
  static let learningWord: UInt64 = 3 << 62
}

/// The atomic word that holds a fragment's ownership.
///
/// Transitions: any worker, free → filling. The worker named in the word, filling → ready
/// (publishes the fragment's bytes) and filling → free. The learner, ready → learning → free, free
/// → learning (`withhold`), and filling → free for a dead worker. docs/shared-memory.md has a
/// diagram.
package struct OwnershipWord: @unchecked Sendable {
  let word: UnsafeMutablePointer<AtomicWord>

  /// The current state; another process may change it at any moment.
  package var state: OwnershipState {
    OwnershipState(word: word.pointee.load(ordering: .acquiring))
  }

  /// Replaces one word by another and returns true if the word had the expected value.
  ///
  /// Acquires what the store of the old value published, and publishes the caller's own writes.
  @inline(__always)
  func exchange(_ old: UInt64, for new: UInt64) -> Bool {
    word.pointee.compareExchange(
      expected: old, desired: new, successOrdering: .acquiringAndReleasing,
      failureOrdering: .relaxed
    ).exchanged
  }

  /// True if the state is free; a plain load that avoids a needless compare-and-swap.
  @inline(__always)
  var looksFree: Bool { word.pointee.load(ordering: .relaxed) == 0 }
}
