/// Where one leaf of a fragment lies: [rows, environments, elements], row-major, from `offset` on.
public struct Column: Sendable, Equatable, BitwiseCopyable {
  /// Bytes from the fragment's start.
  public let offset: Int
  /// Rows in time: 1+T for states and reactions, T for what a step told, 1 for a recurrent state.
  public let rowCount: Int
  /// B.
  public let environmentCount: Int
  /// Elements that one environment has in a row.
  public let elementCount: Int
  /// Bytes that one environment has in a row.
  public let environmentStride: Int

  /// Bytes of a row: of all environments together.
  @inlinable
  public var rowStride: Int { environmentStride &* environmentCount }

  /// Bytes of the whole column.
  public var byteCount: Int { rowStride * rowCount }

  /// Where one environment's value in one row starts, in bytes from the fragment's start.
  @inlinable
  public func offset(row: Int, environment: Int = 0) -> Int {
    offset &+ (row &* environmentCount &+ environment) &* environmentStride
  }

  /// Copies what some environments have in one row to a row of a like column, which may lie in other memory.
  package func copy(
    _ range: Range<Int>, from base: UnsafeMutableRawPointer, row: Int, to target: Column,
    of targetBase: UnsafeMutableRawPointer, row targetRow: Int
  ) {
    (targetBase + target.offset(row: targetRow, environment: range.lowerBound)).copyMemory(
      from: base + offset(row: row, environment: range.lowerBound),
      byteCount: range.count &* environmentStride)
  }
}
