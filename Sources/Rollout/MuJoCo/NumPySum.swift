/// Sums in the order in which NumPy's `sum` adds the elements of a contiguous array.
///
/// Up to 7 elements are added one after the other. Up to 128 are added by eight accumulators, which
/// are then added in pairs, and the rest one after the other. Longer arrays are halved at a
/// multiple of 8.
enum NumPySum {
  /// Returns the sum of squares.
  @inline(__always)
  static func squares<Element: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: RowValues<Element>
  ) -> Element {
    sum(0..<values.count) { values[$0] * values[$0] }
  }

  /// Returns the sum of elements that are given by their index.
  static func sum<Element: BinaryFloatingPoint>(
    _ range: Range<Int>, _ element: (Int) -> Element
  ) -> Element {
    let (first, count) = (range.lowerBound, range.count)
    if count > 128 {
      let half = count / 2 - count / 2 % 8
      return sum(first..<first + half, element) + sum(first + half..<range.upperBound, element)
    }
    var total: Element = 0
    var next = first
    if count >= 8 {
      // Eight variables: a vector or an array would be added in another order or be slower.
      var (r0, r1, r2, r3) = (
        element(first), element(first + 1), element(first + 2), element(first + 3)
      )
      var (r4, r5, r6, r7) = (
        element(first + 4), element(first + 5), element(first + 6), element(first + 7)
      )
      next += 8
      while next + 8 <= range.upperBound {
        r0 += element(next)
        r1 += element(next + 1)
        r2 += element(next + 2)
        r3 += element(next + 3)
        r4 += element(next + 4)
        r5 += element(next + 5)
        r6 += element(next + 6)
        r7 += element(next + 7)
        next += 8
      }
      total = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    }
    while next < range.upperBound {
      total += element(next)
      next += 1
    }
    return total
  }
}
