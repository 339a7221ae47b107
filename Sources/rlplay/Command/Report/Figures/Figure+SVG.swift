import Rollout

extension Figure {
  /// Returns the figure as an SVG element of 400 units width.
  ///
  /// Colors and fonts are classes of ``Stylesheet``.
  ///
  /// - Parameter respondsToPointer: true if a pointer on the figure shows the numbers below it.
  func svg(respondsToPointer: Bool) -> String {
    let drawing = FigureDrawing(self)
    return drawing.start + drawing.legend + drawing.grid + drawing.marks
      + (respondsToPointer ? drawing.readings : "") + "</svg>\n"
  }

  /// The figure as an SVG document with its own styles.
  var document: String {
    let drawing = svg(respondsToPointer: false)
    let start = drawing.firstIndex(of: "\n") ?? drawing.endIndex
    return drawing[..<start] + "\n<style>\n\(Stylesheet.figures)</style>" + drawing[start...]
  }
}

/// A figure with its scales and the places of its parts.
struct FigureDrawing {
  static let width = 400.0
  private static let left = 12.0

  let figure: Figure
  let height: Double
  let frame: (left: Double, right: Double, top: Double, bottom: Double)
  let x: Scale
  let y: Scale
  private let legendRows: [[(mark: Mark, x: Double)]]

  init(_ figure: Figure) {
    self.figure = figure
    legendRows = Self.legend(figure.marks.filter { !$0.name.isEmpty })
    let top = 32 + 15 * Double(legendRows.count)
    height = top + 218
    frame = (50, Self.width - 12, top, height - 40)
    let hasBars = figure.marks.contains { $0.shape == .bars }
    func ends(_ point: Point) -> [Double] {
      point.range.map { [$0.lowerBound, $0.upperBound] } ?? []
    }
    let data = figure.marks.filter { !$0.isReference }.flatMap(\.points)
    x = Scale(
      figure.x, numbers: data.flatMap { [$0.x] + (hasBars ? ends($0) : []) },
      pixels: (frame.left, frame.right), margin: hasBars ? 0.02 : 0)
    y = Scale(
      figure.y,
      numbers: figure.marks.flatMap(\.points).flatMap { [$0.y] + (hasBars ? [] : ends($0)) },
      pixels: (frame.bottom, frame.top), margin: 0.05)
  }

  /// The start of the element, and the heading.
  var start: String {
    """
    <svg viewBox="0 0 \(SVG.place(Self.width, height))" role="img" \
    aria-label="\(figure.title.htmlEscaped)" xmlns="http://www.w3.org/2000/svg">

    """ + SVG.text("title", .start, x: Self.left, y: 18, figure.title)
  }

  // MARK: Axes

  var grid: String {
    var text = ""
    for tick in figure.y.ticks ?? y.ticks(count: 5) {
      guard let place = y.pixel(tick.number) else { continue }
      text += level("grid", place)
      text += SVG.text(
        "tick", .end, x: frame.left - 6, y: place + 3.5, tick.label + figure.y.unit)
    }
    var lastEnd = -Double.infinity
    for tick in figure.x.ticks ?? x.ticks(count: 5) {
      guard let place = x.pixel(tick.number) else { continue }
      let half = SVG.textWidth(tick.label) / 2
      // A label at the right edge is moved in as far as it would leave the picture.
      let center = min(place, Self.width - 3 - half)
      guard center - half > lastEnd + 6 else { continue }
      lastEnd = center + half
      text += SVG.path("axis", "M\(SVG.place(place, frame.bottom))v4")
      text += SVG.text("tick", .middle, x: center, y: frame.bottom + 17, tick.label)
    }
    return text + level("axis", frame.bottom)
      + SVG.text(
        "label name", .middle, x: (frame.left + frame.right) / 2, y: height - 7, figure.x.label)
  }

  /// Returns a horizontal line through the frame.
  private func level(_ name: String, _ y: Double) -> String {
    SVG.path(name, "M\(SVG.place(frame.left, y))H\(SVG.pixels(frame.right))")
  }

  var legend: String {
    var text = ""
    for (row, items) in legendRows.enumerated() {
      let baseline = 35 + 15 * Double(row)
      for (mark, place) in items {
        let start = "M\(SVG.place(place, baseline - 4))"
        switch mark.shape {
        case .bars: text += SVG.path("bar c\(mark.color)", start + "v-4h14v8h-14z")
        case .line, .dots: text += SVG.path("line c\(mark.color)", start + "h14")
        case .dashes, .level: text += SVG.path("line dashes c\(mark.color)", start + "h14")
        }
        text += SVG.text("legend", .start, x: place + 19, y: baseline, Self.shown(mark))
      }
    }
    return text
  }

  /// Returns the name of a mark, abbreviated to the width of the figure.
  private static func shown(_ mark: Mark) -> String {
    mark.name.count > 58 ? mark.name.prefix(57) + "…" : mark.name
  }

  /// Breaks a legend into rows.
  private static func legend(_ marks: [Mark]) -> [[(mark: Mark, x: Double)]] {
    var rows: [[(mark: Mark, x: Double)]] = []
    var place = Double.infinity
    for mark in marks {
      let width = 19 + SVG.textWidth(shown(mark)) + 12
      if place + width > Self.width {
        rows.append([])
        place = left
      }
      rows[rows.count - 1].append((mark, place))
      place += width
    }
    return rows
  }

  // MARK: Marks

  var marks: String { figure.marks.map(drawing).joined() }

  private func drawing(of mark: Mark) -> String {
    switch mark.shape {
    case .line: band(mark) + SVG.path("line c\(mark.color)", line(mark.points))
    case .dashes: SVG.path("line dashes c\(mark.color)", line(mark.points))
    case .dots: SVG.path("dot c\(mark.color)", mark.points.map(dot).joined())
    case .bars: SVG.path("bar c\(mark.color)", mark.points.map(bar).joined())
    case .level:
      mark.points.first.flatMap { y.pixel($0.y) }.map { level("line dashes c\(mark.color)", $0) }
        ?? ""
    }
  }

  /// Returns a line through points, with a gap where the axes cannot show one.
  private func line(_ points: [Point]) -> String {
    var text = ""
    var isDown = false
    for point in points {
      guard let h = x.pixel(point.x), let v = y.pixel(point.y) else {
        isDown = false
        continue
      }
      // A point without neighbors is drawn by the round cap of a line without length.
      text += isDown ? "L\(SVG.place(h, v))" : "M\(SVG.place(h, v))h0"
      isDown = true
    }
    return text
  }

  private func band(_ mark: Mark) -> String {
    var upper: [String] = []
    var lower: [String] = []
    for point in mark.points {
      guard let range = point.range, let h = x.pixel(point.x),
        let low = y.pixel(range.lowerBound), let high = y.pixel(range.upperBound)
      else { continue }
      upper.append(SVG.place(h, high))
      lower.append(SVG.place(h, low))
    }
    guard lower.count > 1 else { return "" }
    let outline = (upper + lower.reversed()).joined(separator: "L")
    return SVG.path("band c\(mark.color)", "M\(outline)z")
  }

  private func dot(_ point: Point) -> String {
    guard let h = x.pixel(point.x), let v = y.pixel(point.y) else { return "" }
    return SVG.rectangle(x: h - 1...h + 1, y: v - 1.5...v + 1.5)
  }

  private func bar(_ point: Point) -> String {
    guard let range = point.range, let left = x.pixel(range.lowerBound),
      let right = x.pixel(range.upperBound), let top = y.pixel(point.y), top < frame.bottom
    else { return "" }
    return SVG.rectangle(x: left...max(right - 0.5, left + 0.5), y: top...frame.bottom)
  }
}
