import Rollout

extension Figure {
  /// The data as comma-separated values: a line for each point.
  ///
  /// The numbers have the shortest form that reads back to the same value.
  var csv: String {
    func cell(_ text: String) -> String {
      text.contains { "\",\n\r".contains($0) }
        ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    }
    func cell(_ number: Double?) -> String {
      guard let number, number.isFinite else { return "" }
      return JSONValue.number(number).text
    }
    var text = "series,x,y,low,high\n"
    for mark in marks {
      for point in mark.points {
        text += cell(mark.name.isEmpty ? name : mark.name)
        // The range of a bar is its place in the drawing.
        let range = mark.shape == .bars ? nil : point.range
        for number in [point.x, point.y, range?.lowerBound, range?.upperBound] {
          text += "," + cell(number)
        }
        text += "\n"
      }
    }
    return text
  }
}
