import Testing

@testable import Rollout

struct HalfBlocksTests {
  private static let escape = "\u{1B}["

  private func plain(_ width: Int, _ height: Int, _ color: [UInt8] = [1, 2, 3]) -> Picture {
    Picture(
      width: width, height: height,
      pixels: Array(repeatElement(color, count: width * height).joined()))
  }

  @Test func `two rows of pixels are one line`() {
    let picture = Picture(
      width: 2, height: 2, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7])
    let found = HalfBlocks.lines(picture, columns: 10, lines: 10)
    let e = Self.escape
    #expect(
      found == [
        "\(e)38;2;255;0;0m\(e)48;2;0;0;255m▀\(e)38;2;0;255;0m\(e)48;2;9;8;7m▀\(e)0m"
      ])
  }

  @Test func `a color is named once as long as it lasts`() {
    let e = Self.escape
    #expect(
      HalfBlocks.lines(plain(3, 1), columns: 9, lines: 9) == ["\(e)38;2;1;2;3m▀▀▀\(e)0m"])
  }

  @Test(arguments: [
    (600, 400, 80, 22, 66, 22), (600, 400, 40, 100, 40, 13), (5, 4, 80, 24, 5, 2),
    (1000, 1, 10, 10, 10, 1), (3, 900, 80, 5, 1, 5), (600, 400, 1, 1, 1, 1),
  ])
  func `a picture fits and keeps its proportions`(
    width: Int, height: Int, columns: Int, lines: Int, wide: Int, high: Int
  ) {
    let found = HalfBlocks.lines(plain(width, height), columns: columns, lines: lines)
    #expect(found.count == high)
    #expect(found.allSatisfy { line in line.count(where: { $0 == "▀" }) == wide })
  }

  @Test func `each area becomes its mean`() {
    let picture = Picture(
      width: 4, height: 2,
      pixels: [0, 0, 0, 10, 0, 0, 20, 0, 0, 30, 0, 0] + [0, 4, 0, 10, 4, 0, 20, 0, 8, 30, 0, 8])
    let e = Self.escape
    #expect(
      HalfBlocks.lines(picture, columns: 2, lines: 9)
        == ["\(e)38;2;5;2;0m▀\(e)38;2;25;0;4m▀\(e)0m"])
  }

  @Test(arguments: [
    (["TERM": "xterm-256color", "COLORTERM": "truecolor"], true),
    (["TERM": "xterm-256color", "COLORTERM": "24bit"], true),
    (["TERM": "xterm-kitty"], true), (["TERM": "xterm-direct"], true),
    (["TERM": "xterm-256color"], false), ([:], false),
    (["TERM": "dumb", "COLORTERM": "truecolor"], false),
    (["TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"], false),
    (["TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": ""], true),
  ])
  func `the terminal says whether it has color`(variables: [String: String], has: Bool) {
    #expect(TerminalScreen.hasColor(isTerminal: true) { variables[$0] } == has)
    #expect(!TerminalScreen.hasColor(isTerminal: false) { variables[$0] })
  }
}
