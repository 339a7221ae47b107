/// Where a worker is just now, kept where the learner can read it when the worker dies.
///
/// The worker writes with plain word stores, which x86 and ARM do whole; the learner reads after the worker's death.
public struct PositionMarker {
  package let cell: UnsafeMutablePointer<UInt64>

  package init(_ cell: UnsafeMutablePointer<UInt64>) { self.cell = cell }

  /// Notes that an environment is about to step, and how long its episode is.
  @inlinable
  public func mark(environment: Int, step: Int32) { unsafeMark(environment, step) }

  @usableFromInline
  func unsafeMark(_ environment: Int, _ step: Int32) {
    cell.pointee =
      UInt64(UInt32(truncatingIfNeeded: environment)) << 32 | UInt64(UInt32(bitPattern: step))
  }
}
