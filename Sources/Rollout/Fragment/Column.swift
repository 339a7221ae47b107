/// The place of one leaf in a fragment: [rows, environments, elements], row-major, from `offset`.
public struct Column: Sendable, Equatable, BitwiseCopyable {
  /// The offset from the start of the fragment, in bytes.
  @usableFromInline
  package let offset: Int
  /// Rows in time: 1+T for states and reactions, T for data about a step, 1 for `hx`.
  @usableFromInline
  package let rowCount: Int
  /// B, the number of environments.
  @usableFromInline
  package let environmentCount: Int
  /// The number of elements per environment and row.
  @usableFromInline
  package let elementCount: Int
  /// The size of one environment's elements in a row, in bytes.
  @usableFromInline
  package let environmentStride: Int

  /// The size of a row with all its environments, in bytes.
  @inlinable
  package var rowStride: Int { environmentStride &* environmentCount }

  /// The size of the column in bytes.
  @usableFromInline
  package var byteCount: Int { rowStride * rowCount }

  /// Returns the offset of one environment's value in a row, in bytes from the fragment's start.
  @inlinable
  package func offset(row: Int, environment: Int = 0) -> Int {
    offset &+ (row &* environmentCount &+ environment) &* environmentStride
  }

  /// Checks that an element of a type has the size of the column's elements.
  @inlinable
  func check<Element: RecordableScalar>(_ type: Element.Type) {
    precondition(
      environmentStride == elementCount * MemoryLayout<Element>.stride,
      "a column of \(environmentStride) bytes per environment accessed as \(Element.self)")
  }
}
