/// An image: [height, width, 3] bytes of red, green and blue, row-major from the upper left corner.
public struct Picture: Sendable, Equatable {
  /// The number of pixels in a row.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// The bytes, three per pixel.
  public let pixels: [UInt8]

  /// Creates an image from its pixels.
  ///
  /// - Precondition: there are width · height · 3 bytes and at least one pixel.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * 3,
      "\(pixels.count) bytes for a picture of \(width) × \(height)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

/// An environment that can draw its state.
///
/// Pictures are requested between steps. Drawing depends on the state alone and changes nothing.
/// All pictures of one environment have the same size. `Canvas` provides drawing operations.
public protocol Drawable {
  /// Draws the state.
  func draw() -> Picture
}
