import Glibc

extension MountainCar: Drawable {
  /// Draws mountain, car and flag as Gymnasium's `mountain_car.py` does, 600 × 400.
  package func draw() -> Picture { MountainCarTrack.draw(position: state.x, goal: 0.5) }
}

extension MountainCarContinuous: Drawable {
  /// Draws mountain, car and flag as Gymnasium's `continuous_mountain_car.py` does, 600 × 400.
  package func draw() -> Picture { MountainCarTrack.draw(position: state.x, goal: 0.45) }
}

extension MountainCarTrack {
  /// Draws a car at a position on the mountain.
  fileprivate static func draw(position: Double, goal: Double) -> Picture {
    var canvas = Canvas(width: 600, height: 400)
    let scale = 600 / (rightEnd - leftEnd)
    func place(_ x: Double) -> Canvas.Point {
      Canvas.Point((x - leftEnd) * scale, 400 - (sin(3 * x) * 0.45 + 0.55) * scale)
    }
    let count = 100
    canvas.path(
      (0..<count).map {
        place(leftEnd + (rightEnd - leftEnd) * Double($0) / Double(count - 1))
      }, width: 1.5, .black)

    // The car's wheels roll 10 pixels above the line. The angle is Gymnasium's, not the slope's.
    let (car, angle) = (place(position).offset(0, 10), cos(3 * position))
    canvas.fillRectangle(around: car, across: -20...20, along: 0...20, turned: angle, .black)
    for across in [-10.0, 10] {
      canvas.fillCircle(
        car.offset(across, 0, turned: angle), radius: 8, Canvas.Color(128, 128, 128))
    }

    let foot = place(goal)
    let top = foot.offset(0, 50)
    canvas.line(from: foot, to: top, .black)
    canvas.fill([top, top.offset(0, -10), top.offset(25, -5)], Canvas.Color(204, 204, 0))
    return canvas.picture
  }
}
