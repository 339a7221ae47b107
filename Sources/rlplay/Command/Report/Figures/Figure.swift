import Rollout

/// A diagram: axes and marks, independent of the format in which it is drawn.
struct Figure {
  /// The name of its file without an ending, unique within a report.
  var name: String
  /// The heading.
  var title: String
  /// One sentence below the figure; nil for none.
  var caption: String?
  var x: Axis
  var y: Axis
  /// The marks in the order in which they are drawn.
  var marks: [Mark]
  /// True if the horizontal axis is the progress of a run.
  var hasClock = false

  /// The name of its file; characters unfit for one are replaced.
  var fileName: String {
    String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
  }

  /// True if there is nothing to draw.
  var isEmpty: Bool { marks.allSatisfy { $0.isReference || $0.points.isEmpty } }
}

/// An axis of a figure.
struct Axis {
  var label = ""
  /// The unit after the numbers of the axis.
  var unit = ""
  var isLogarithmic = false
  /// True if zero belongs to the axis, as for counts.
  var includesZero = false
  /// The ends of the axis; nil for those of the data.
  var limits: ClosedRange<Double>?
  /// The ticks with their labels; nil for round numbers.
  var ticks: [(number: Double, label: String)]?
}

/// A point of a mark.
struct Point: Equatable {
  var x: Double
  var y: Double
  /// The range of the numbers that the point stands for; nil if it stands for itself.
  ///
  /// That of a bar is its place on the horizontal axis.
  var range: ClosedRange<Double>?
  /// The description of a bar's numbers.
  var label = ""
}

/// One line, band or row of bars of a figure.
struct Mark {
  enum Shape {
    /// A line through the points, with a band where they have a range.
    case line
    /// A thin dashed line through the points.
    case dashes
    /// A dot for each point.
    case dots
    /// A bar for each point, from zero to its y.
    case bars
    /// A horizontal line at the y of the first point.
    case level
  }

  /// The name in the legend; empty for none.
  var name: String
  var shape: Shape
  /// The color, as an index of the palette.
  var color: Int
  var points: [Point]

  /// The number of colors of the palette.
  static let colorCount = 8

  /// True for a line that only helps to read the others.
  var isReference: Bool { shape == .level }
}

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
