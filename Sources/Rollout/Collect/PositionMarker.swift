import Synchronization

/// The environment and step that a worker is executing, readable by the learner after its death.
///
/// Each environment step costs one relaxed atomic store, which the compiler keeps in its place. The
/// worker writes; the learner reads after the worker has died.
public struct PositionMarker: @unchecked Sendable {
  /// A marker without a reader, for loops outside of any worker.
  public static let unread = PositionMarker(
    UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64).word(at: 0))

  @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt64>>

  package init(_ word: UnsafeMutablePointer<AtomicWord>) { self.word = word }

  /// Records that an environment is about to step.
  ///
  /// - Parameters:
  ///   - environment: the environment's index in the batch, less than 2³² − 1.
  ///   - step: the number of steps that its episode has had.
  @inlinable
  public func mark(environment: Int, step: Int32) {
    let place = (UInt64(truncatingIfNeeded: environment) &+ 1) << 32
    word.pointee.store(place | UInt64(UInt32(bitPattern: step)), ordering: .relaxed)
  }

  /// Records that no environment is being stepped.
  public func clear() { word.pointee.store(0, ordering: .relaxed) }

  /// An environment of the batch and the number of steps of its episode.
  package struct Position: Sendable, Equatable {
    /// The environment's index in the batch.
    package let environment: Int
    /// The number of steps since its episode began.
    package let step: Int

    package init(environment: Int, step: Int) {
      self.environment = environment
      self.step = step
    }
  }

  /// The worker's current or last position; `nil` outside of environment code.
  package var position: Position? {
    let word = word.pointee.load(ordering: .relaxed)
    guard word != 0 else { return nil }
    return Position(environment: Int(word >> 32) - 1, step: Int(UInt32(truncatingIfNeeded: word)))
  }
}
