extension Acrobot: Drawable {
  /// Draws links, joints and the target line as Gymnasium's `acrobot.py` does, 500 × 500.
  package func draw() -> Picture {
    var canvas = Canvas(width: 500, height: 500)
    // Two links of length 1, and a margin around them.
    let scale = 500 / (2 * 2.2)
    let pivot = Canvas.Point(250, 250)
    let goal = (pivot.y - scale).rounded(.down)
    canvas.fillRectangle(left: 0, top: goal, right: 500, bottom: goal + 1, .black)

    // At an angle of 0 a link hangs down.
    let angles = (state.x - .pi / 2, state.x + state.y - .pi / 2)
    let joint = pivot.offset(scale, 0, turned: angles.0)
    for (start, angle) in [(pivot, angles.0), (joint, angles.1)] {
      canvas.fillRectangle(
        around: start, across: 0...scale, along: -0.1 * scale...0.1 * scale, turned: angle,
        Canvas.Color(0, 204, 204))
      canvas.fillCircle(start, radius: (0.1 * scale).rounded(.down), Canvas.Color(204, 204, 0))
    }
    return canvas.picture
  }
}
