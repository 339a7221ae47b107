extension Cube2x2: Drawable {
  /// Draws the six faces unfolded about F, 360 × 280.
  ///
  /// U is above F, D below it, L to the left, R and then B to the right.
  public func draw() -> Picture {
    var canvas = Canvas(width: 360, height: 280, background: Canvas.Color(225, 225, 225))
    // Column and row of each face in the net, in the order of the faces.
    let faces = [(1, 0), (1, 2), (0, 1), (2, 1), (1, 1), (3, 1)]
    for (face, corner) in faces.enumerated() {
      let (left, top) = (20 + 80 * Double(corner.0), 20 + 80 * Double(corner.1))
      canvas.fillRectangle(
        left: left + 1, top: top + 1, right: left + 79, bottom: top + 79, .black)
      for place in 0..<4 {
        let (x, y) = (left + 4 + 37 * Double(place % 2), top + 4 + 37 * Double(place / 2))
        canvas.fillRectangle(
          left: x, top: y, right: x + 35, bottom: y + 35,
          Self.colors[Int(stickers[face * 4 + place])])
      }
    }
    return canvas.picture
  }

  /// The colors of the six faces of a solved cube: white, yellow, orange, red, green, blue.
  private static let colors = [
    Canvas.Color(255, 255, 255), Canvas.Color(255, 213, 0), Canvas.Color(255, 110, 0),
    Canvas.Color(200, 20, 40), Canvas.Color(0, 155, 72), Canvas.Color(0, 70, 173),
  ]
}
