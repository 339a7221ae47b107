import Synchronization

/// A 64-bit word in shared memory, read and written whole.
///
/// Zero-filled memory is a word that holds 0: no word is ever initialised or destroyed.
package typealias AtomicWord = Atomic<UInt64>

extension UnsafeMutableRawPointer {
  /// The atomic word at an offset from here.
  ///
  /// - Parameter byteOffset: a multiple of 8 from an address that is one.
  @inline(__always)
  package func word(at byteOffset: Int) -> UnsafeMutablePointer<AtomicWord> {
    (self + byteOffset).assumingMemoryBound(to: AtomicWord.self)
  }
}

/// The fence that both sides of a parking need between their store and their look.
///
/// Of two such fences one comes first, and what was stored before it is seen after the other one.
@inline(__always)
package func fenceBetweenStoreAndLook() {
  atomicMemoryFence(ordering: .sequentiallyConsistent)
}
