import Testing

@testable import RolloutCommand

struct CurveTests {
  @Test func `few points stay as they are`() {
    let points = (0..<Curve.pointLimit).map { Point(x: Double($0), y: 1) }
    #expect(Curve.thinned(points) == points)
  }

  @Test func `many points become means within their range`() {
    // Three points each: 0, 1, 2 · 3 and so on.
    let points = (0..<900).map { Point(x: Double($0), y: Double($0 % 3) * 3) }
    let thinned = Curve.thinned(points)
    #expect(thinned.count == Curve.pointLimit)
    for (index, point) in thinned.enumerated() {
      #expect(point == Point(x: Double(3 * index + 1), y: 3, range: 0...6))
    }
  }

  /// The quartiles are those of `numpy.quantile`, which interpolates linearly.
  @Test func `the median of lines and its quartiles are those of NumPy`() {
    let lines = [4.0, 1, 3, 10].map { y in [Point(x: 0, y: y), Point(x: 10, y: y)] }
    let median = Curve.median(of: lines)
    #expect(median.count == 200)
    // numpy.quantile([1, 3, 4, 10], [0.25, 0.5, 0.75]) is [2.5, 3.5, 5.5].
    #expect(median.allSatisfy { $0.y == 3.5 && $0.range == 2.5...5.5 })
    #expect(median.first?.x == 0 && median.last?.x == 10)
  }

  @Test func `a line counts from its first point to its last, and is interpolated`() throws {
    let short = [Point(x: 0, y: 0), Point(x: 1, y: 10), Point(x: 5, y: 50)]
    let long = [Point(x: 0, y: 100), Point(x: 10, y: 100)]
    let median = Curve.median(of: [short, long])
    for point in median {
      // 10 x, as far as the short line goes.
      let expected = point.x <= 5 ? (10 * point.x + 100) / 2 : 100
      // Rounding of x and of the interpolation, of numbers up to 100.
      #expect(abs(point.y - expected) < 1e-12 * 1000, "at \(point.x)")
    }
    #expect(Curve.median(of: [[], []]).isEmpty)
    #expect(Curve.median(of: [[Point(x: 3, y: 7)]]) == [Point(x: 3, y: 7, range: 7...7)])
  }
}
