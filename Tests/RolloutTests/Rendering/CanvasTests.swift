import Rollout
import Testing

struct CanvasTests {
  /// Returns the darkness of each pixel of a black shape on white, from 0 to 1, [height][width].
  private func shares(
    _ width: Int, _ height: Int, _ draw: (inout Canvas) -> Void
  ) -> [[Double]] {
    var canvas = Canvas(width: width, height: height)
    draw(&canvas)
    let picture = canvas.picture
    return (0..<height).map { y in
      (0..<width).map { x in 1 - Double(picture.pixels[(y * width + x) * 3]) / 255 }
    }
  }

  @Test func `an empty canvas has its background everywhere`() {
    let picture = Canvas(width: 3, height: 2, background: .init(1, 2, 3)).picture
    #expect(picture == Picture(width: 3, height: 2, pixels: [1, 2, 3, 1, 2, 3] + [1, 2, 3] * 4))
  }

  @Test func `a rectangle on pixels' edges fills them and nothing else`() {
    let found = shares(4, 3) {
      $0.fillRectangle(left: 1, top: 1, right: 3, bottom: 2, .black)
    }
    #expect(found == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]])
  }

  @Test func `a pixel takes the share that is covered`() {
    let found = shares(3, 2) {
      $0.fillRectangle(left: 0.5, top: 0.25, right: 2.25, bottom: 1, .black)
    }
    for (share, expected) in zip(found[0], [0.375, 0.75, 0.1875]) {
      // Within half a step of a byte.
      #expect(abs(share - expected) <= 0.5 / 255 + 1e-12)
    }
    #expect(found[1] == [0, 0, 0])
  }

  @Test func `colors mix channel by channel`() {
    var canvas = Canvas(width: 1, height: 1, background: .init(100, 200, 0))
    canvas.fillRectangle(left: 0, top: 0, right: 0.5, bottom: 1, Canvas.Color(200, 0, 255))
    #expect(canvas.picture.pixels == [150, 100, 128])
  }

  @Test func `what lies outside is cut off`() {
    let found = shares(3, 3) {
      $0.fillRectangle(left: -5, top: -1e9, right: 1, bottom: 1e9, .black)
      $0.fillCircle(.init(50, 50), radius: 4, .black)
      $0.line(from: .init(.nan, 0), to: .init(1, 2), .black)
    }
    #expect(found == [[1, 0, 0], [1, 0, 0], [1, 0, 0]])
  }

  @Test(arguments: [1.0, 3, 8.5, 20])
  func `a circle covers πr²`(radius: Double) {
    let found = shares(50, 50) { $0.fillCircle(.init(25.3, 24.6), radius: radius, .black) }
    let area = found.flatMap { $0 }.reduce(0, +)
    // Corners and samples err along the edge only, by less than a tenth of a pixel per pixel of
    // length.
    #expect(abs(area - .pi * radius * radius) < 0.1 * 2 * .pi * radius)
  }

  @Test func `a line has its length and its width`() {
    let found = shares(40, 40) {
      $0.line(from: .init(5, 5), to: .init(29, 37), width: 3, .black)
    }
    // 24, 32, 40.
    let area = found.flatMap { $0 }.reduce(0, +)
    #expect(abs(area - 120) < 4)
    #expect(found[21][17] == 1 && found[5][35] == 0)
  }

  @Test func `an outline that crosses itself encloses by odd and even`() {
    let found = shares(6, 6) {
      $0.fill(
        [(0, 0), (6, 0), (6, 6), (0, 6), (0, 0), (2, 2), (4, 2), (4, 4), (2, 4), (2, 2)]
          .map { Canvas.Point($0.0, $0.1) }, .black)
    }
    #expect(found[1][1] == 1 && found[5][5] == 1)
    #expect(found[2][2] == 0 && found[3][3] == 0)
  }

  @Test func `a path is round at its corners`() {
    let found = shares(20, 20) {
      $0.path([.init(2, 10), .init(10, 10), .init(10, 18)], width: 6, .black)
    }
    #expect(found[8][11] > 0.9 && found[7][12] < 0.9 && found[10][2] == 1)
  }
}

private func * (bytes: [UInt8], count: Int) -> [UInt8] {
  Array(repeatElement(bytes, count: count).joined())
}
