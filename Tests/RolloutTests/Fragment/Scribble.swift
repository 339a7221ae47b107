import Rollout

/// Fills all columns with random bytes.
func scribble(_ fragment: FragmentView, seed: UInt64 = 0) {
  var random = PCG64(seed: seed)
  for byte in FragmentHeader.byteCount..<fragment.layout.byteCount {
    fragment.base.storeBytes(
      of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: byte, as: UInt8.self)
  }
}

/// Returns the bytes of one row of a column.
func bytes(_ fragment: FragmentView, _ column: Column, row: Int) -> [UInt8] {
  Array(
    UnsafeRawBufferPointer(
      start: fragment.base + column.offset(row: row), count: column.rowStride))
}
