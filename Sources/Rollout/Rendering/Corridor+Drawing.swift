extension Corridor: Drawable {
  /// Draws the cells in a row, the goal in green and the actor as a disc, 600 × 120.
  public func draw() -> Picture {
    var canvas = Canvas(width: 600, height: 120)
    let pitch = 560 / Double(size)
    let half = min(pitch, 80) / 2
    func left(_ cell: Int) -> Double { 20 + pitch * Double(cell) }

    canvas.fillRectangle(
      left: left(goal), top: 60 - half, right: left(goal) + pitch, bottom: 60 + half,
      Canvas.Color(150, 210, 150))
    let gray = Canvas.Color(120, 120, 120)
    canvas.line(from: .init(19, 60 - half), to: .init(581, 60 - half), width: 2, gray)
    canvas.line(from: .init(19, 60 + half), to: .init(581, 60 + half), width: 2, gray)
    // Walls between cells are omitted if the cells are too narrow.
    for cell in 0...size where pitch >= 6 || cell == 0 || cell == size {
      canvas.line(
        from: .init(left(cell), 60 - half), to: .init(left(cell), 60 + half), width: 2, gray)
    }
    canvas.fillCircle(
      .init(left(state) + pitch / 2, 60), radius: max(0.6 * half, 3), Canvas.Color(50, 90, 180))
    return canvas.picture
  }
}
