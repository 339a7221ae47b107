/// A value of one leaf whose elements can be read one by one: an observation that can be masked.
///
/// SIMD vectors, arrays and inline arrays conform. A structure of one's own that is stored as one
/// leaf conforms by reading an element, in the row-major order in which it stores them.
public protocol RecordableVector: Recordable {
  /// What one element is.
  associatedtype RecordedElement: RecordableScalar

  /// One of the elements.
  ///
  /// - Precondition: there are so many.
  func recordedElement(at index: Int) -> RecordedElement
}

extension SIMD where Scalar: RecordableScalar {
  /// One lane.
  @inlinable
  public func recordedElement(at index: Int) -> Scalar { self[index] }
}

extension SIMD2: RecordableVector where Scalar: RecordableScalar {}
extension SIMD3: RecordableVector where Scalar: RecordableScalar {}
extension SIMD4: RecordableVector where Scalar: RecordableScalar {}
extension SIMD8: RecordableVector where Scalar: RecordableScalar {}
extension SIMD16: RecordableVector where Scalar: RecordableScalar {}

extension Array: RecordableVector where Element: RecordableScalar {
  /// One element.
  @inlinable
  public func recordedElement(at index: Int) -> Element { self[index] }
}

extension InlineArray: RecordableVector where Element: RecordableScalar {
  /// One element.
  @inlinable
  public func recordedElement(at index: Int) -> Element { self[index] }
}

extension InlineArray: Recordable where Element: RecordableScalar {
  /// One leaf of the element's type.
  public static var leafTypes: [ElementType] { [Element.elementType] }

  /// Reads as many elements as the array has.
  ///
  /// - Precondition: there are as many as the leaf holds.
  @inlinable
  public init(loading leaves: LeafRow) {
    let address = leaves.address(of: Element.self, Self.count)
    self.init { index in
      address.loadUnaligned(
        fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }
  }

  /// Writes all elements.
  ///
  /// - Precondition: there are as many as the leaf holds.
  @inlinable
  public func store(in leaves: LeafRow) {
    let address = leaves.address(of: Element.self, count)
    for index in indices {
      address.storeBytes(
        of: self[index], toByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}
