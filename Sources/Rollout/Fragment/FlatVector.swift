/// Owns a vector of numbers, 64-byte aligned: all of a network's weights, or all of their gradients.
///
/// One flat vector makes publishing one copy, an optimiser's step one pass and a checkpoint one file.
public final class FlatVector<Element: BitwiseCopyable> {
  /// How many numbers there are.
  public let count: Int
  package let base: UnsafeMutablePointer<Element>

  /// Allocates a vector filled with one value.
  public init(repeating value: Element, count: Int) {
    self.count = count
    base =
      UnsafeMutableRawPointer
      .allocate(byteCount: max(count * MemoryLayout<Element>.stride, 64), alignment: 64)
      .bindMemory(to: Element.self, capacity: count)
    base.initialize(repeating: value, count: count)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// One number.
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

  /// All numbers, copied.
  public var elements: [Element] { Array(buffer) }

  /// Replaces all numbers.
  ///
  /// - Precondition: there are as many.
  public func assign(_ elements: [Element]) {
    precondition(elements.count == count, "\(elements.count) numbers for a vector of \(count)")
    elements.withUnsafeBufferPointer {
      base.update(from: $0.baseAddress ?? UnsafePointer(base), count: count)
    }
  }

  /// Sets all bits to zero: 0 for every number.
  ///
  /// As bytes, since storing an element of a type that the compiler does not know here is a call for each.
  package func clear() {
    UnsafeMutableRawPointer(base).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
  }

  package var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }
}
