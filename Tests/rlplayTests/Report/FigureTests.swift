import Foundation
import Testing

@testable import RolloutCommand

struct FigureTests {
  private static let figure = Figure(
    name: "loss", title: "Loss <&> \u{1B}[31m", x: Axis(label: "steps"), y: Axis(),
    marks: [
      Mark(
        name: "a, \"b\"", shape: .line, color: 0,
        points: [
          Point(x: 0, y: 1, range: 0...2), Point(x: 1, y: .nan), Point(x: 2, y: 3, range: 3...4.5),
        ]),
      Mark(name: "level", shape: .level, color: 7, points: [Point(x: 0, y: 0.693)]),
    ])

  @Test func `the table has a line for each point, with empty cells for what is not a number`() {
    #expect(
      Self.figure.csv == """
        series,x,y,low,high
        "a, ""b\""",0,1,0,2
        "a, ""b\""",1,,,
        "a, ""b\""",2,3,3,4.5
        level,0,0.693,,

        """)
  }

  @Test func `the drawing is XML in which names are text`() throws {
    for text in [Self.figure.document, Self.figure.svg(respondsToPointer: true)] {
      try expectElements(of: text)
      #expect(text.contains("Loss &lt;&amp;&gt; "))
      #expect(!text.contains("\u{1B}"))
    }
  }

  @Test func `a line has a gap where there is no number`() throws {
    let path = try #require(
      Self.figure.svg(respondsToPointer: false).split(separator: "\n").last {
        $0.hasPrefix("<path class=\"line c0\"")
      })
    #expect(path.count { $0 == "M" } == 2 && path.count { $0 == "L" } == 0)
  }

  @Test func `bars are read in bins, lines at their points`() {
    var figure = Self.figure
    figure.marks[0].points = (0..<1000).map { Point(x: Double($0), y: 1) }
    let readings = figure.svg(respondsToPointer: true).components(separatedBy: "class=\"hit\"")
    #expect((40...49).contains(readings.count))
    figure.marks = [
      Mark(
        name: "", shape: .bars, color: 0,
        points: (0..<5).map {
          Point(
            x: Double($0), y: 1, range: Double($0)...Double($0 + 1), label: "bin \($0)")
        })
    ]
    let text = figure.svg(respondsToPointer: true)
    for bin in 0..<5 { #expect(text.contains(">bin \(bin)</text>")) }
  }

  @Test func `a figure of reference lines alone is empty`() {
    var figure = Self.figure
    #expect(!figure.isEmpty)
    figure.marks.removeFirst()
    #expect(figure.isEmpty)
  }

  /// Expects that each element of an XML text is closed and that no bare `<` or `&` is left.
  private func expectElements(of text: String) throws {
    var open: [Substring] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      let end = try #require(rest[start...].firstIndex(of: ">"))
      let tag = rest[rest.index(after: start)..<end]
      let name = tag.prefix { $0 != " " && $0 != "\n" && $0 != "/" }
      if tag.hasPrefix("/") {
        #expect(open.popLast() == tag.dropFirst())
      } else if !tag.hasSuffix("/") {
        open.append(name)
      }
      rest = rest[rest.index(after: end)...]
    }
    #expect(open.isEmpty)
    for part in text.components(separatedBy: "&").dropFirst() {
      #expect(["amp;", "lt;", "gt;", "quot;", "#39;"].contains { part.hasPrefix($0) })
    }
  }
}
