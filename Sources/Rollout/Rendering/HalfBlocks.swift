/// A picture as lines of characters, each of which shows two pixels, one above the other.
///
/// The upper half block ▀ has the upper pixel's color as its foreground and the lower pixel's color
/// as its background. A picture that is too large is scaled down by the mean over each area; a
/// picture is never enlarged. It keeps its proportions, with a character taken to be twice as high
/// as wide.
enum HalfBlocks {
  /// Returns the lines of a picture within a number of columns and lines; each resets its colors.
  static func lines(_ picture: Picture, columns: Int, lines: Int) -> [String] {
    let scale = min(
      1, Double(max(columns, 1)) / Double(picture.width),
      Double(max(lines, 1) * 2) / Double(picture.height))
    let width = max(1, Int(Double(picture.width) * scale))
    let height = max(1, Int(Double(picture.height) * scale))
    let pixels = scaled(picture, width, height)
    return stride(from: 0, to: height, by: 2).map { row in
      var line = ""
      var (above, below): (UInt32?, UInt32?) = (nil, nil)
      for column in 0..<width {
        let upper = pixels[row * width + column]
        if upper != above { line += "\u{1B}[38;2;\(components(upper))m" }
        above = upper
        if row + 1 < height {
          let lower = pixels[(row + 1) * width + column]
          if lower != below { line += "\u{1B}[48;2;\(components(lower))m" }
          below = lower
        }
        line += "▀"
      }
      return line + "\u{1B}[0m"
    }
  }

  private static func components(_ color: UInt32) -> String {
    "\(color >> 16);\(color >> 8 & 255);\(color & 255)"
  }

  /// Returns the mean color, 0xRRGGBB, of each area of a picture divided into [height, width].
  private static func scaled(_ picture: Picture, _ width: Int, _ height: Int) -> [UInt32] {
    let pixels = picture.pixels
    return (0..<width * height).map { place in
      let (row, column) = (place / width, place % width)
      let rows = row * picture.height / height..<(row + 1) * picture.height / height
      let columns = column * picture.width / width..<(column + 1) * picture.width / width
      var (red, green, blue) = (0, 0, 0)
      for y in rows {
        for x in columns {
          let start = (y * picture.width + x) * 3
          red += Int(pixels[start])
          green += Int(pixels[start + 1])
          blue += Int(pixels[start + 2])
        }
      }
      let count = rows.count * columns.count
      func mean(_ sum: Int) -> UInt32 { UInt32((sum + count / 2) / count) }
      return mean(red) << 16 | mean(green) << 8 | mean(blue)
    }
  }
}
