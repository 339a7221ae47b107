/// A single-leaf value with individually readable elements: an observation that can be masked.
///
/// SIMD vectors, arrays and inline arrays conform. A custom structure that is stored as one leaf
/// conforms by returning its elements in the row-major order in which it stores them.
public protocol RecordableVector: Recordable {
  /// The type of the elements.
  associatedtype RecordedElement: RecordableScalar

  /// Returns one element.
  ///
  /// - Precondition: the index is within the value.
  func recordedElement(at index: Int) -> RecordedElement
}

extension SIMD where Scalar: RecordableScalar {
  /// Returns one lane.
  @inlinable
  public func recordedElement(at index: Int) -> Scalar { self[index] }
}

extension SIMD2: RecordableVector where Scalar: RecordableScalar {}
extension SIMD3: RecordableVector where Scalar: RecordableScalar {}
extension SIMD4: RecordableVector where Scalar: RecordableScalar {}
extension SIMD8: RecordableVector where Scalar: RecordableScalar {}
extension SIMD16: RecordableVector where Scalar: RecordableScalar {}

extension Array: RecordableVector where Element: RecordableScalar {
  /// Returns one element.
  @inlinable
  public func recordedElement(at index: Int) -> Element { self[index] }
}

extension InlineArray: RecordableVector where Element: RecordableScalar {
  /// Returns one element.
  @inlinable
  public func recordedElement(at index: Int) -> Element { self[index] }
}

extension InlineArray: Recordable where Element: RecordableScalar {
  /// One leaf with the element type of the array.
  public static var leafTypes: [ElementType] { [Element.elementType] }

  /// Loads all elements.
  ///
  /// - Precondition: the leaf has as many elements as the array.
  @inlinable
  public init(loading leaves: LeafRow) {
    let address = leaves.address(of: Element.self, Self.count)
    self.init { index in
      address.loadUnaligned(
        fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }
  }

  /// Stores all elements.
  ///
  /// - Precondition: the leaf has as many elements as the array.
  @inlinable
  public func store(in leaves: LeafRow) {
    let address = leaves.address(of: Element.self, count)
    for index in indices {
      address.storeBytes(
        of: self[index], toByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}
