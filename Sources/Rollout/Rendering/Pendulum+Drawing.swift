extension Pendulum: Drawable {
  /// Draws rod and axle as Gymnasium's `pendulum.py` does, 500 × 500, without the torque arrow.
  package func draw() -> Picture {
    var canvas = Canvas(width: 500, height: 500)
    let scale = 500 / (2 * 2.2)
    let (length, radius) = (scale, 0.1 * scale)
    let axle = Canvas.Point(250, 250)
    let color = Canvas.Color(204, 77, 77)
    // At an angle of 0 the rod points up.
    let angle = state.x + .pi / 2
    canvas.fillRectangle(
      around: axle, across: 0...length, along: -radius...radius, turned: angle, color)
    canvas.fillCircle(axle, radius: radius, color)
    canvas.fillCircle(axle.offset(length, 0, turned: angle), radius: radius, color)
    canvas.fillCircle(axle, radius: (0.05 * scale).rounded(.down), .black)
    return canvas.picture
  }
}
