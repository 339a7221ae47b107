import Rollout

/// Reductions of recorded points to as many as a figure shows.
enum Curve {
  /// The largest number of points of a drawn line.
  static let pointLimit = 300

  /// Returns the means of neighboring points, with their ranges, if there are too many points.
  ///
  /// - Parameter points: the points in the order of their x.
  static func thinned(_ points: [Point]) -> [Point] {
    guard points.count > pointLimit else { return points }
    return (0..<pointLimit).map { part in
      let bounds = part * points.count / pointLimit..<(part + 1) * points.count / pointLimit
      let group = points[bounds]
      let values = group.map(\.y)
      let count = Double(group.count)
      return Point(
        x: group.reduce(0) { $0 + $1.x } / count, y: values.reduce(0, +) / count,
        range: (values.min() ?? 0)...(values.max() ?? 0))
    }
  }

  /// Returns the median of several lines, with the range from the first to the third quartile.
  ///
  /// Lines are interpolated linearly at 200 places. A line counts from its first point to its last.
  ///
  /// - Parameter lines: the lines, each in the order of its x.
  static func median(of lines: [[Point]]) -> [Point] {
    let lines = lines.filter { !$0.isEmpty }
    guard let first = lines.compactMap(\.first?.x).min(),
      let last = lines.compactMap(\.last?.x).max()
    else { return [] }
    let count = last > first ? 200 : 1
    var cursors = Array(repeating: 0, count: lines.count)
    return (0..<count).compactMap { index in
      let x = index == count - 1 ? last : first + (last - first) * Double(index) / Double(count - 1)
      let values = lines.indices.compactMap { interpolation(lines[$0], at: x, from: &cursors[$0]) }
      guard !values.isEmpty else { return nil }
      // Rounding may exchange the quartiles of equal numbers.
      let (low, high) = (values.quantile(0.25), values.quantile(0.75))
      return Point(x: x, y: values.median, range: min(low, high)...max(low, high))
    }
  }

  /// Returns a line's y at a place, or nil beyond its ends.
  ///
  /// - Parameter cursor: the index of a point at or before the place; it moves to the last one.
  private static func interpolation(
    _ line: [Point], at x: Double, from cursor: inout Int
  ) -> Double? {
    guard let last = line.last, x >= line[0].x, x <= last.x else { return nil }
    while cursor + 1 < line.count, line[cursor + 1].x <= x { cursor += 1 }
    let left = line[cursor]
    guard cursor + 1 < line.count, left.x < x else { return left.y }
    let right = line[cursor + 1]
    return left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x)
  }
}
