/// An image: [height, width, 3] bytes of red, green and blue, row-major from the upper left corner.
public struct Picture: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Three bytes for each pixel.
  public let pixels: [UInt8]

  /// Makes an image of its pixels.
  ///
  /// - Precondition: there are width · height · 3 bytes, at least one pixel.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * 3,
      "\(pixels.count) bytes for a picture of \(width) × \(height)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
