import Glibc

/// A drawing surface for filled, antialiased shapes.
///
/// Coordinates are in pixels, x to the right and y downward from the upper left corner; a pixel's
/// center is at ½. Parts outside the canvas are clipped. Every shape is a polygon. Its coverage of
/// a pixel is sampled at 4 × 4 points. Few coverage levels give few colors, which keeps animations
/// small.
public struct Canvas {
  /// The number of pixels in a row.
  public let width: Int
  /// The number of rows.
  public let height: Int
  private var pixels: [UInt8]

  /// A point in pixels.
  public struct Point: Sendable, Equatable {
    /// The distance from the left edge.
    package var x: Double
    /// The distance from the top edge, downward.
    package var y: Double

    /// Creates a point.
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// Red, green and blue, from 0 to 255.
  public struct Color: Sendable, Equatable {
    /// Red.
    package var red: UInt8
    /// Green.
    package var green: UInt8
    /// Blue.
    package var blue: UInt8

    /// Creates a color.
    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    /// Black.
    public static let black = Color(0, 0, 0)
    /// White.
    public static let white = Color(255, 255, 255)
  }

  /// The number of samples per pixel in each direction.
  private static let samples = 4

  /// Creates a canvas of one color.
  ///
  /// - Precondition: there is at least one pixel.
  public init(width: Int, height: Int, background: Color = .white) {
    precondition(width > 0 && height > 0, "a canvas of \(width) × \(height)")
    self.width = width
    self.height = height
    pixels = []
    pixels.reserveCapacity(width * height * 3)
    for _ in 0..<width * height {
      pixels.append(background.red)
      pixels.append(background.green)
      pixels.append(background.blue)
    }
  }

  /// The picture drawn so far.
  public var picture: Picture { Picture(width: width, height: height, pixels: pixels) }

  /// Fills a polygon by the even–odd rule.
  ///
  /// Outlines with fewer than three points, or with coordinates that are not finite, are ignored.
  public mutating func fill(_ outline: [Point], _ color: Color) {
    let finite = outline.allSatisfy { $0.x.isFinite && $0.y.isFinite }
    guard outline.count > 2, finite else { return }
    let ys = outline.map(\.y)
    let first = Self.index(ys.min() ?? 0, below: height)
    let last = Self.index((ys.max() ?? 0).rounded(.up), below: height)
    let count = Self.samples
    var shares = Array(repeating: 0, count: width)
    for row in first..<max(first, last) {
      for index in shares.indices { shares[index] = 0 }
      for sample in 0..<count {
        let y = Double(row) + (Double(sample) + 0.5) / Double(count)
        let crossings = Self.crossings(outline, at: y)
        for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
          // The samples with their centers between two edges.
          let from = Self.index(crossings[pair], samples: count, width: width)
          let to = Self.index(crossings[pair + 1], samples: count, width: width)
          for place in from..<max(from, to) { shares[place / count] += 1 }
        }
      }
      for column in shares.indices where shares[column] > 0 {
        blend(color, share: shares[column], row * width + column)
      }
    }
  }

  /// Fills an axis-parallel rectangle.
  public mutating func fillRectangle(
    left: Double, top: Double, right: Double, bottom: Double, _ color: Color
  ) {
    fill(
      [Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)], color)
  }

  /// Fills a circle.
  public mutating func fillCircle(_ center: Point, radius: Double, _ color: Color) {
    // The outline deviates from a circle by at most a twentieth of a pixel.
    let corners = max(12, Int(10 * max(radius, 0).squareRoot()) + 1)
    fill(
      (0..<corners).map { corner in
        let angle = 2 * Double.pi * Double(corner) / Double(corners)
        return Point(center.x + radius * cos(angle), center.y + radius * sin(angle))
      }, color)
  }

  /// Draws a straight line of a given width with square ends at both points.
  public mutating func line(
    from start: Point, to end: Point, width: Double = 1, _ color: Color
  ) {
    let (x, y) = (end.x - start.x, end.y - start.y)
    let length = (x * x + y * y).squareRoot()
    guard length > 0 else { return }
    let (dx, dy) = (-y / length * width / 2, x / length * width / 2)
    fill(
      [
        Point(start.x + dx, start.y + dy), Point(end.x + dx, end.y + dy),
        Point(end.x - dx, end.y - dy), Point(start.x - dx, start.y - dy),
      ], color)
  }

  /// Draws straight lines from point to point with round joins.
  public mutating func path(_ points: [Point], width: Double = 1, _ color: Color) {
    for (start, end) in zip(points, points.dropFirst()) {
      line(from: start, to: end, width: width, color)
    }
    guard width > 1 else { return }
    for point in points.dropFirst().dropLast() {
      fillCircle(point, radius: width / 2, color)
    }
  }

  /// Returns the x of the outline's crossings with a horizontal line, ascending and even in number.
  private static func crossings(_ outline: [Point], at y: Double) -> [Double] {
    var places: [Double] = []
    var start = outline[outline.count - 1]
    for end in outline {
      // A vertex on the line belongs to only one of its two edges.
      if (start.y <= y) != (end.y <= y) {
        places.append(start.x + (y - start.y) / (end.y - start.y) * (end.x - start.x))
      }
      start = end
    }
    return places.sorted()
  }

  /// Returns the row of a coordinate, clamped to [0, `limit`].
  private static func index(_ coordinate: Double, below limit: Int) -> Int {
    Int(min(max(coordinate, 0), Double(limit)).rounded(.down))
  }

  /// Returns the first sample in a row with its center not left of a coordinate.
  private static func index(_ x: Double, samples: Int, width: Int) -> Int {
    let count = Double(samples)
    return Int(min(max((x * count - 0.5).rounded(.up), 0), count * Double(width)))
  }

  private mutating func blend(_ color: Color, share: Int, _ place: Int) {
    let whole = Self.samples * Self.samples
    func mixed(_ below: UInt8, _ above: UInt8) -> UInt8 {
      UInt8((Int(below) * (whole - share) + Int(above) * share + whole / 2) / whole)
    }
    pixels[place * 3] = mixed(pixels[place * 3], color.red)
    pixels[place * 3 + 1] = mixed(pixels[place * 3 + 1], color.green)
    pixels[place * 3 + 2] = mixed(pixels[place * 3 + 2], color.blue)
  }
}

extension Canvas.Point {
  /// Returns the point at an offset to the right and *up* that is rotated about this point.
  ///
  /// - Parameters:
  ///   - right: the distance to the right, before rotation.
  ///   - up: the distance upwards, before rotation.
  ///   - angle: the rotation, counterclockwise, in radians.
  public func offset(_ right: Double, _ up: Double, turned angle: Double = 0) -> Canvas.Point {
    let (cosine, sine) = (cos(angle), sin(angle))
    return Canvas.Point(x + right * cosine - up * sine, y - (right * sine + up * cosine))
  }
}

extension Canvas {
  /// Fills a rectangle that is rotated about a point.
  ///
  /// - Parameters:
  ///   - pivot: the center of rotation, from which the sides are measured.
  ///   - across: the positions of the sides to the right of the pivot, before rotation.
  ///   - along: the positions of the sides above the pivot, before rotation.
  ///   - angle: the rotation, counterclockwise, in radians.
  ///   - color: the color of the rectangle.
  public mutating func fillRectangle(
    around pivot: Point, across: ClosedRange<Double>, along: ClosedRange<Double>,
    turned angle: Double, _ color: Color
  ) {
    fill(
      [
        pivot.offset(across.lowerBound, along.lowerBound, turned: angle),
        pivot.offset(across.lowerBound, along.upperBound, turned: angle),
        pivot.offset(across.upperBound, along.upperBound, turned: angle),
        pivot.offset(across.upperBound, along.lowerBound, turned: angle),
      ], color)
  }
}
