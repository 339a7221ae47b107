/// Consecutive values in memory that another object owns, such as one row of a column.
///
/// A view: valid while the owner of the memory lives, which the holder of the view ensures.
@usableFromInline
package struct RowValues<Element: BitwiseCopyable>: BitwiseCopyable {
  @usableFromInline package let base: UnsafeMutablePointer<Element>
  /// The number of values.
  @usableFromInline package let count: Int

  @inlinable
  package init(_ base: UnsafeMutablePointer<Element>, count: Int) {
    self.base = base
    self.count = count
  }

  /// Creates a view of a part of a vector.
  ///
  /// - Precondition: the range is within the vector.
  @inlinable
  package init(_ vector: FlatVector<Element>, _ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= vector.count,
      "\(range) of a vector of \(vector.count)")
    base = vector.base + range.lowerBound
    count = range.count
  }

  /// Creates a view of a whole vector.
  @inlinable
  package init(_ vector: FlatVector<Element>) { self.init(vector.base, count: vector.count) }

  /// Accesses one value.
  ///
  /// - Precondition: the index is below `count`.
  @inlinable
  package subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "\(index) is outside a row of \(count)")
      return base[index]
    }
    nonmutating _modify {
      precondition(index >= 0 && index < count, "\(index) is outside a row of \(count)")
      yield &base[index]
    }
  }

  /// Returns the values of some environments that have `size` of them each.
  @inline(__always)
  func elements(of range: Range<Int>, size: Int) -> RowValues {
    precondition(
      range.lowerBound >= 0 && size >= 0 && range.upperBound &* size <= count,
      "\(size) values for each of \(range) in a row of \(count)")
    return RowValues(base + range.lowerBound &* size, count: range.count &* size)
  }

  /// Sets all values.
  func fill(_ value: Element) { base.update(repeating: value, count: count) }

  /// Copies some values of a row of the same length to the same places.
  func copy(_ other: RowValues, of range: Range<Int>) {
    precondition(
      other.count == count && range.lowerBound >= 0 && range.upperBound <= count,
      "\(range) of \(other.count) values for a row of \(count)")
    (base + range.lowerBound).update(from: other.base + range.lowerBound, count: range.count)
  }

  /// Copies the values of a row of the same length.
  func copy(_ other: RowValues) {
    precondition(other.count == count, "\(other.count) values for a row of \(count)")
    base.update(from: other.base, count: count)
  }
}

extension RowValues<Bool> {
  /// Sets each value to true if that of one row or of another one is.
  func setUnion(_ one: RowValues, _ other: RowValues) {
    precondition(one.count == count && other.count == count, "rows of different lengths")
    for index in 0..<count { base[index] = one.base[index] || other.base[index] }
  }

  /// True if any of the values is true.
  var containsTrue: Bool {
    var isAny = false
    for index in 0..<count { isAny = base[index] || isAny }
    return isAny
  }
}

extension RowValues {
  /// Replaces each value by a function of it, and keeps the earlier ones in another row of the same
  /// length.
  @inline(__always)
  func replace(keeping kept: RowValues, by function: (Element) -> Element) {
    precondition(kept.count == count, "\(kept.count) values for a row of \(count)")
    kept.copy(self)
    let (values, earlier) = (base, kept.base)
    var first = 0
    // A loop over a constant number of values becomes one over vectors without a remainder.
    while first &+ 8 <= count {
      for index in first..<first &+ 8 { values[index] = function(earlier[index]) }
      first &+= 8
    }
    for index in first..<count { values[index] = function(earlier[index]) }
  }
}
