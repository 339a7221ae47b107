import Synchronization

/// Where a worker is just now, kept where the learner can read it when the worker dies.
///
/// The worker writes with relaxed atomic stores, so that the compiler leaves each one in its place;
/// the learner reads after the worker's death.
public struct PositionMarker {
  @usableFromInline package let cell: UnsafeMutablePointer<UInt64>

  package init(_ cell: UnsafeMutablePointer<UInt64>) { self.cell = cell }

  /// Notes that an environment is about to step, and how long its episode is.
  @inlinable
  public func mark(environment: Int, step: Int32) {
    let position =
      UInt64(UInt32(truncatingIfNeeded: environment)) << 32 | UInt64(UInt32(bitPattern: step))
    // A plain store could be moved past the environment's step, and out of the loop over
    // environments.
    UnsafeMutableRawPointer(cell).assumingMemoryBound(to: Atomic<UInt64>.self)
      .pointee.store(position, ordering: .relaxed)
  }
}
