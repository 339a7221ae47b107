import Rollout

/// A column of a figure with the text that a pointer on it shows.
private struct Reading {
  var left: Double
  var center: Double
  var right: Double
  var text: String
}

extension FigureDrawing {
  /// The largest number of places at which lines are read.
  private static let placeLimit = 48

  /// Transparent columns that show the numbers at their place below a pointer.
  var readings: String {
    let bars = figure.marks.filter { $0.shape == .bars }.flatMap(\.points)
    let columns = bars.isEmpty ? lineReadings : bars.compactMap(reading)
    return columns.map { column in
      let area = SVG.rectangle(x: column.left...column.right, y: frame.top...frame.bottom)
      let cross = "M\(SVG.place(column.center, frame.top))V\(SVG.pixels(frame.bottom))"
      return "<g class=\"hit\">" + SVG.path("cross", cross) + SVG.path("area", area)
        + SVG.text("reading", .middle, x: Self.width / 2, y: height - 7, column.text) + "</g>\n"
    }.joined()
  }

  private func reading(_ bar: Point) -> Reading? {
    guard let range = bar.range, let left = x.pixel(range.lowerBound),
      let right = x.pixel(range.upperBound), left <= right
    else { return nil }
    return Reading(left: left, center: (left + right) / 2, right: right, text: bar.label)
  }

  private var lineReadings: [Reading] {
    let marks = figure.marks.filter { !$0.isReference && !$0.points.isEmpty }
    guard let longest = marks.max(by: { $0.points.count < $1.points.count }) else { return [] }
    let all = longest.points.compactMap { point in x.pixel(point.x).map { (point.x, $0) } }
    let step = (all.count + Self.placeLimit - 1) / Self.placeLimit
    let places = stride(from: 0, to: all.count, by: max(1, step)).map { all[$0] }
    return places.indices.map { index in
      let (number, center) = places[index]
      return Reading(
        left: index == 0 ? frame.left : (places[index - 1].1 + center) / 2, center: center,
        right: index == places.count - 1 ? frame.right : (places[index + 1].1 + center) / 2,
        text: "\(Self.short(number)): \(values(of: marks, at: number, center))")
    }
  }

  /// Returns the numbers of all lines next to a place, with the range if it is a single line.
  private func values(of marks: [Mark], at number: Double, _ center: Double) -> String {
    marks.compactMap { mark -> String? in
      guard let nearest = mark.points.min(by: { abs($0.x - number) < abs($1.x - number) }),
        let place = x.pixel(nearest.x), abs(place - center) < 10
      else { return nil }
      let value = Self.short(nearest.y)
      if marks.count > 1 { return "\(mark.name) \(value)" }
      guard let range = nearest.range else { return value }
      return "\(value) (\(Self.short(range.lowerBound)) to \(Self.short(range.upperBound)))"
    }.joined(separator: ", ")
  }

  private static func short(_ value: Double) -> String {
    abs(value) >= 1e4 && abs(value) < 1e15
      ? NumberText.short(value) : NumberText.significant(value)
  }
}
