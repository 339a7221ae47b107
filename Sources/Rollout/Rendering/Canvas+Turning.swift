import Glibc

extension Canvas.Point {
  /// The place that lies so far to the right of this one and so far *above* it, after a turn about this one.
  ///
  /// - Parameter angle: counterclockwise, in radians.
  public func offset(_ right: Double, _ up: Double, turned angle: Double = 0) -> Canvas.Point {
    let (cosine, sine) = (cos(angle), sin(angle))
    return Canvas.Point(x + right * cosine - up * sine, y - (right * sine + up * cosine))
  }
}

extension Canvas {
  /// Fills a rectangle that is turned about a point, from which its sides are counted.
  ///
  /// - Parameters:
  ///   - pivot: the point.
  ///   - across: how far the sides are to the right of the point.
  ///   - along: how far the sides are above the point.
  ///   - angle: counterclockwise, in radians.
  public mutating func fillRectangle(
    around pivot: Point, across: ClosedRange<Double>, along: ClosedRange<Double>,
    turned angle: Double, _ colour: Colour
  ) {
    fill(
      [
        pivot.offset(across.lowerBound, along.lowerBound, turned: angle),
        pivot.offset(across.lowerBound, along.upperBound, turned: angle),
        pivot.offset(across.upperBound, along.upperBound, turned: angle),
        pivot.offset(across.upperBound, along.lowerBound, turned: angle),
      ], colour)
  }
}
