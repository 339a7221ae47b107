import Foundation

extension Span where Element: SIMDScalar & BitwiseCopyable {
  /// Returns consecutive elements from an index on as the lanes of a vector.
  ///
  /// - Precondition: as many elements follow the index as the vector has lanes.
  @inlinable
  package func vector<Vector: SIMD & BitwiseCopyable>(
    at index: Int, as type: Vector.Type
  ) -> Vector where Vector.Scalar == Element {
    precondition(index >= 0 && index <= count - Vector.scalarCount, "\(index) of \(count)")
    return withUnsafeBytes {
      $0.loadUnaligned(
        fromByteOffset: index &* MemoryLayout<Element>.stride, as: Vector.self)
    }
  }
}

extension Span<UInt8> {
  /// Returns the number that eight bytes from an index on are, little-endian.
  ///
  /// - Precondition: eight bytes follow the index.
  @inlinable
  package func word(at index: Int) -> UInt64 {
    precondition(index >= 0 && index <= count - 8, "\(index) of \(count)")
    return UInt64(
      littleEndian: withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index, as: UInt64.self) })
  }
}

extension Data {
  /// The bytes of numbers as they are in memory.
  @inlinable
  package init<Element: BitwiseCopyable>(bytesOf elements: Span<Element>) {
    self = elements.withUnsafeBytes { Data($0) }
  }

  /// Returns the integers that the bytes are in memory, without an incomplete last one.
  @inlinable
  package func integers<Element: FixedWidthInteger & BitwiseCopyable>(
    as type: Element.Type
  ) -> [Element] {
    let width = MemoryLayout<Element>.size
    return withUnsafeBytes { bytes in
      (0..<bytes.count / width).map {
        bytes.loadUnaligned(fromByteOffset: $0 * width, as: Element.self)
      }
    }
  }
}

/// Returns the byte of a flag that was restored from a file and may be neither 0 nor 1.
func byte(of flag: Bool) -> UInt8 { withUnsafeBytes(of: flag) { $0[0] } }
