import Synchronization

/// Where a worker is just now, kept where the learner can read it when the worker dies.
///
/// One relaxed atomic store for each environment step, which the compiler leaves in its place. The worker writes; the learner
/// reads after the worker's death.
public struct PositionMarker: @unchecked Sendable {
  /// A marker that nobody reads, for loops outside of any worker.
  public static let unread = PositionMarker(
    UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64).word(at: 0))

  @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt64>>

  package init(_ word: UnsafeMutablePointer<AtomicWord>) { self.word = word }

  /// Notes that an environment is about to step.
  ///
  /// - Parameters:
  ///   - environment: its index in the batch, less than 2³² − 1.
  ///   - step: how many steps its episode has had.
  @inlinable
  public func mark(environment: Int, step: Int32) {
    let place = (UInt64(truncatingIfNeeded: environment) &+ 1) << 32
    word.pointee.store(place | UInt64(UInt32(bitPattern: step)), ordering: .relaxed)
  }

  /// Notes that no environment is being stepped.
  public func clear() { word.pointee.store(0, ordering: .relaxed) }

  /// Which environment of its batch a worker is stepping, and how long that one's episode is.
  package struct Position: Sendable, Equatable {
    /// The environment's index within the batch.
    package let environment: Int
    /// Steps since its episode began.
    package let step: Int

    package init(environment: Int, step: Int) {
      self.environment = environment
      self.step = step
    }
  }

  /// Where the worker is, or was when it died; `nil` outside of any environment's code.
  package var position: Position? {
    let word = word.pointee.load(ordering: .relaxed)
    guard word != 0 else { return nil }
    return Position(environment: Int(word >> 32) - 1, step: Int(UInt32(truncatingIfNeeded: word)))
  }
}
