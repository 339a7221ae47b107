import Synchronization

/// A 64-bit word in shared memory that is loaded and stored atomically.
///
/// Zero-filled memory is a valid word with value 0. Words are therefore never initialized or
/// destroyed.
package typealias AtomicWord = Atomic<UInt64>

extension UnsafeMutableRawPointer {
  /// Returns the atomic word at an offset from this address.
  ///
  /// - Parameter byteOffset: an offset in bytes; the resulting address has to be a multiple of 8.
  @inline(__always)
  package func word(at byteOffset: Int) -> UnsafeMutablePointer<AtomicWord> {
    (self + byteOffset).assumingMemoryBound(to: AtomicWord.self)
  }
}

/// Issues the sequentially consistent fence that parking and waking need between store and load.
///
/// Two such fences have an order. Stores before the first fence are visible to loads after the
/// second.
@inline(__always)
package func fenceBetweenStoreAndLook() {
  atomicMemoryFence(ordering: .sequentiallyConsistent)
}
