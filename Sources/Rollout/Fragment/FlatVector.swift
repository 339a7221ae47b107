/// A vector of numbers in 64-byte aligned memory, such as a network's weights or gradients.
///
/// With one flat vector, publishing is one copy, an optimizer step is one pass and a checkpoint is
/// one file.
public final class FlatVector<Element: BitwiseCopyable> {
  /// The number of elements.
  public let count: Int
  package let base: UnsafeMutablePointer<Element>

  /// Allocates a vector with all elements set to `value`.
  public init(repeating value: Element, count: Int) {
    self.count = count
    base =
      UnsafeMutableRawPointer
      .allocate(byteCount: max(count * MemoryLayout<Element>.stride, 64), alignment: 64)
      .bindMemory(to: Element.self, capacity: count)
    base.initialize(repeating: value, count: count)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// Accesses one element.
  ///
  /// - Precondition: the index is within the vector.
  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "\(index) is outside a vector of \(count)")
      return base[index]
    }
    set {
      precondition(index >= 0 && index < count, "\(index) is outside a vector of \(count)")
      base[index] = newValue
    }
  }

  /// A copy of all elements.
  public var elements: [Element] { Array(buffer) }

  /// Replaces all elements.
  ///
  /// - Precondition: `elements` has as many elements as the vector.
  public func assign(_ elements: [Element]) {
    precondition(elements.count == count, "\(elements.count) numbers for a vector of \(count)")
    elements.withUnsafeBufferPointer {
      base.update(from: $0.baseAddress ?? UnsafePointer(base), count: count)
    }
  }

  /// Sets all bits to zero: 0 for every number.
  ///
  /// The memory is cleared as bytes. In unspecialized code, storing generic elements would cost a
  /// call for each element.
  package func clear() {
    UnsafeMutableRawPointer(base).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
  }

  package var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }
}
