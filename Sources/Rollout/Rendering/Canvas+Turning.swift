import Glibc

extension Canvas.Point {
  /// Returns the point at an offset to the right and *up* that is rotated about this point.
  ///
  /// - Parameters:
  ///   - right: the distance to the right, before rotation.
  ///   - up: the distance upwards, before rotation.
  ///   - angle: the rotation, counterclockwise, in radians.
  public func offset(_ right: Double, _ up: Double, turned angle: Double = 0) -> Canvas.Point {
    let (cosine, sine) = (cos(angle), sin(angle))
    return Canvas.Point(x + right * cosine - up * sine, y - (right * sine + up * cosine))
  }
}

extension Canvas {
  /// Fills a rectangle that is rotated about a point.
  ///
  /// - Parameters:
  ///   - pivot: the center of rotation, from which the sides are measured.
  ///   - across: the positions of the sides to the right of the pivot, before rotation.
  ///   - along: the positions of the sides above the pivot, before rotation.
  ///   - angle: the rotation, counterclockwise, in radians.
  ///   - color: the color of the rectangle.
  public mutating func fillRectangle(
    around pivot: Point, across: ClosedRange<Double>, along: ClosedRange<Double>,
    turned angle: Double, _ color: Color
  ) {
    fill(
      [
        pivot.offset(across.lowerBound, along.lowerBound, turned: angle),
        pivot.offset(across.lowerBound, along.upperBound, turned: angle),
        pivot.offset(across.upperBound, along.upperBound, turned: angle),
        pivot.offset(across.upperBound, along.lowerBound, turned: angle),
      ], color)
  }
}
