/// A vector of numbers in 64-byte aligned memory, such as a network's weights or gradients.
///
/// With one flat vector, publishing is one copy, an optimizer step is one pass and a checkpoint is
/// one file.
public final class FlatVector<Element: BitwiseCopyable> {
  /// The number of elements.
  public let count: Int
  @usableFromInline package let base: UnsafeMutablePointer<Element>

  /// Allocates a vector with all elements set to `value`.
  public init(repeating value: Element, count: Int) {
    self.count = count
    base = Self.allocate(count)
    base.initialize(repeating: value, count: count)
  }

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Element> {
    UnsafeMutableRawPointer
      .allocate(byteCount: max(count * MemoryLayout<Element>.stride, 64), alignment: 64)
      .bindMemory(to: Element.self, capacity: count)
  }

  /// Allocates a vector with a copy of the elements.
  package init(_ elements: [Element]) {
    count = elements.count
    base = Self.allocate(count)
    assign(elements)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// Accesses one element.
  ///
  /// - Precondition: the index is within the vector.
  @inlinable
  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "\(index) is outside a vector of \(count)")
      return base[index]
    }
    _modify {
      precondition(index >= 0 && index < count, "\(index) is outside a vector of \(count)")
      yield &base[index]
    }
  }

  /// The elements, for loops that read them.
  ///
  /// The vector has to be a parameter or a local variable.
  @inlinable
  public var span: Span<Element> {
    @_lifetime(borrow self)
    get { _overrideLifetime(Span(_unsafeStart: base, count: count), borrowing: self) }
  }

  /// The elements, for loops that change them.
  ///
  /// The vector has to be a parameter or a local variable. The compiler does not prevent several
  /// spans of one vector; a change by one is seen by all.
  @inlinable
  public var mutableSpan: MutableSpan<Element> {
    @_lifetime(borrow self)
    get { _overrideLifetime(MutableSpan(_unsafeStart: base, count: count), borrowing: self) }
  }

  /// Returns consecutive elements, for loops that read them; see ``span``.
  ///
  /// - Precondition: the range is within the vector.
  @inlinable
  @_lifetime(borrow self)
  public func span(_ range: Range<Int>) -> Span<Element> {
    _overrideLifetime(span.extracting(range), borrowing: self)
  }

  /// Returns consecutive elements, for loops that change them; see ``mutableSpan``.
  ///
  /// - Precondition: the range is within the vector.
  @inlinable
  @_lifetime(borrow self)
  public func mutableSpan(_ range: Range<Int>) -> MutableSpan<Element> {
    check(range)
    return _overrideLifetime(
      MutableSpan(_unsafeStart: base + range.lowerBound, count: range.count), borrowing: self)
  }

  /// Stops the program if a range is not within the vector.
  @inlinable
  package func check(_ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count, "\(range) of a vector of \(count)")
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
  ///
  /// - Parameter range: the elements to set; nil for all.
  package func clear(_ range: Range<Int>? = nil) {
    let range = range ?? 0..<count
    check(range)
    UnsafeMutableRawPointer(base + range.lowerBound).initializeMemory(
      as: UInt8.self, repeating: 0, count: range.count * MemoryLayout<Element>.stride)
  }

  /// Copies the elements of a vector of the same length.
  ///
  /// - Parameter range: the elements to copy; nil for all.
  package func copy(_ other: FlatVector, _ range: Range<Int>? = nil) {
    precondition(count == other.count, "\(other.count) numbers for a vector of \(count)")
    let range = range ?? 0..<count
    check(range)
    (base + range.lowerBound).update(from: other.base + range.lowerBound, count: range.count)
  }

  /// Copies consecutive elements to another place in the vector, where they may overlap.
  ///
  /// - Precondition: both places are within the vector.
  package func copy(_ range: Range<Int>, to start: Int) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count && start >= 0
        && start <= count - range.count,
      "\(range) to \(start) in a vector of \(count)")
    (base + start).update(from: base + range.lowerBound, count: range.count)
  }

  package var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }
}

extension FlatVector where Element: BinaryFloatingPoint {
  /// Returns the sum of the squares in a range, summed in Double in a fixed order.
  ///
  /// - Precondition: the range is within the vector.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  package func squareSum(in range: Range<Int>) -> Double {
    check(range)
    // Eight independent sums, since a single sum would wait for each addition. Without checks of
    // bounds, eight elements are converted at once.
    var sums = SIMD8<Double>(repeating: 0)
    var index = range.lowerBound
    while index &+ 8 <= range.upperBound {
      var lanes = SIMD8<Double>()
      for lane in 0..<8 { lanes[lane] = Double(base[index &+ lane]) }
      sums += lanes * lanes
      index &+= 8
    }
    var sum = sums.sum()
    while index < range.upperBound {
      sum += Double(base[index]) * Double(base[index])
      index &+= 1
    }
    return sum
  }
}
