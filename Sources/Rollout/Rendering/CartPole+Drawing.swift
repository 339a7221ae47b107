extension CartPole: Drawable {
  /// Draws cart, pole, axle and track as Gymnasium's `cartpole.py` does, 600 × 400.
  ///
  /// One unit of length is 125 pixels, so the track spans the cart's permitted positions.
  public func draw() -> Picture {
    var canvas = Canvas(width: 600, height: 400)
    let scale = 600 / (2 * Constants.positionLimit)
    let poleLength = scale * 2 * Constants.halfLength
    let (poleWidth, cartWidth, cartHeight) = (10.0, 50.0, 30.0)
    // Gymnasium's coordinates run upward.
    let cart = Canvas.Point(300 + state.x * scale, 400 - 100)
    let axle = cart.offset(0, cartHeight / 4)

    canvas.fillRectangle(
      left: cart.x - cartWidth / 2, top: cart.y - cartHeight / 2, right: cart.x + cartWidth / 2,
      bottom: cart.y + cartHeight / 2, .black)
    // A positive angle leans to the right.
    canvas.fillRectangle(
      around: axle, across: -poleWidth / 2...poleWidth / 2,
      along: -poleWidth / 2...poleLength - poleWidth / 2, turned: -state.z,
      Canvas.Color(202, 152, 101))
    canvas.fillCircle(axle, radius: poleWidth / 2, Canvas.Color(129, 132, 203))
    canvas.fillRectangle(left: 0, top: cart.y, right: 600, bottom: cart.y + 1, .black)
    return canvas.picture
  }
}
