/// An animated GIF that is built picture by picture.
///
/// A frame holds only the rectangle that differs from the previous frame, and is compressed at
/// once, which keeps long episodes small in memory. Frames share a table of up to 256 colors, in
/// which every pixel keeps its exact color. A frame with colors that no longer fit gets its own
/// table. That table is exact for up to 256 colors and made by median cut for more.
///
/// Source: GIF89a, www.w3.org/Graphics/GIF/spec-gif89a.txt; the loop is Netscape's extension.
package struct AnimatedGIF {
  /// The number of pixels in a row.
  package let width: Int
  /// The number of rows.
  package let height: Int

  private var shared = ColorTable()
  /// The complete picture after the last frame.
  private var shown: Picture?
  private var frames: [Frame] = []

  private struct Frame {
    var rectangle: Rectangle
    /// The frame's own colors; nil for the shared ones.
    var table: [UInt8]?
    var data: [UInt8]
    var centiseconds: Int
  }

  /// The part of a picture that a frame replaces.
  private struct Rectangle {
    var columns: Range<Int>
    var rows: Range<Int>
  }

  /// Creates an animation without pictures.
  ///
  /// - Precondition: width and height are from 1 to 65535.
  package init(width: Int, height: Int) {
    precondition(
      (1...65535).contains(width) && (1...65535).contains(height), "\(width) × \(height)")
    self.width = width
    self.height = height
  }

  /// The number of frames; a picture equal to the previous one adds none.
  var frameCount: Int { frames.count }

  /// Adds a picture.
  ///
  /// - Parameter centiseconds: the time for which it is shown.
  /// - Precondition: the picture has the animation's size.
  package mutating func append(_ picture: Picture, centiseconds: Int) {
    precondition(picture.width == width && picture.height == height, "a picture of another size")
    guard let rectangle = Self.difference(shown, picture) else {
      frames[frames.count - 1].centiseconds += centiseconds
      return
    }
    let colors = Self.colors(picture, rectangle)
    shown = picture
    // The colors of a frame that does not fit are not added to the shared table, since later frames
    // may fit.
    var extended = shared
    if let indices = Self.indices(colors, in: &extended) {
      shared = extended
      frames.append(
        Frame(
          rectangle: rectangle, data: LZWEncoder.encode(indices), centiseconds: centiseconds))
      return
    }
    var counts: [UInt32: Int] = [:]
    for color in colors { counts[color, default: 0] += 1 }
    var own = ColorTable(counts)
    frames.append(
      Frame(
        rectangle: rectangle, table: own.bytes,
        data: LZWEncoder.encode(Self.indices(colors, in: &own) ?? []),
        centiseconds: centiseconds))
  }

  /// The contents of the file; the animation repeats endlessly.
  package var encoded: [UInt8] {
    // A global table of 256 colors with 8 bits per channel, background 0, unknown pixel aspect
    // ratio.
    var file = Array("GIF89a".utf8) + Self.word(width) + Self.word(height) + [0xF7, 0, 0]
    file += shared.bytes
    file += [0x21, 0xFF, 11] + Array("NETSCAPE2.0".utf8) + [3, 1] + Self.word(0) + [0]
    for frame in frames {
      // Graphic control: leave the frame in place, no transparency.
      file += [0x21, 0xF9, 4, 0x04] + Self.word(min(frame.centiseconds, 65535)) + [0, 0]
      file += [0x2C] + Self.word(frame.rectangle.columns.lowerBound)
      file += Self.word(frame.rectangle.rows.lowerBound)
      file += Self.word(frame.rectangle.columns.count) + Self.word(frame.rectangle.rows.count)
      file += [frame.table == nil ? 0 : 0x87]
      file += frame.table ?? []
      file += frame.data
    }
    return file + [0x3B]
  }

  /// Returns the smallest rectangle that contains every changed pixel, or nil if none changed.
  private static func difference(_ before: Picture?, _ after: Picture) -> Rectangle? {
    let (width, height) = (after.width, after.height)
    guard let before else { return Rectangle(columns: 0..<width, rows: 0..<height) }
    let (old, new) = (before.pixels, after.pixels)
    var (left, right, top, bottom) = (width, -1, height, -1)
    for row in 0..<height {
      let start = row * width * 3
      let end = start + width * 3
      guard let first = (start..<end).first(where: { old[$0] != new[$0] }),
        let last = (start..<end).last(where: { old[$0] != new[$0] })
      else { continue }
      (top, bottom) = (min(top, row), row)
      left = min(left, (first - start) / 3)
      right = max(right, (last - start) / 3)
    }
    return bottom < 0 ? nil : Rectangle(columns: left..<right + 1, rows: top..<bottom + 1)
  }

  private static func colors(_ picture: Picture, _ rectangle: Rectangle) -> [UInt32] {
    var colors: [UInt32] = []
    colors.reserveCapacity(rectangle.columns.count * rectangle.rows.count)
    let pixels = picture.pixels
    for row in rectangle.rows {
      for column in rectangle.columns {
        let place = (row * picture.width + column) * 3
        colors.append(
          UInt32(pixels[place]) << 16 | UInt32(pixels[place + 1]) << 8 | UInt32(pixels[place + 2]))
      }
    }
    return colors
  }

  /// Returns each pixel's index in a table, or nil if the table cannot hold all colors.
  private static func indices(_ colors: [UInt32], in table: inout ColorTable) -> [UInt8]? {
    var indices: [UInt8] = []
    indices.reserveCapacity(colors.count)
    // Adjacent pixels mostly have the same color, and the lookup takes most of the time.
    var last: (color: UInt32, index: UInt8)?
    for color in colors {
      if let last, last.color == color {
        indices.append(last.index)
        continue
      }
      guard let index = table.insert(color) else { return nil }
      last = (color, index)
      indices.append(index)
    }
    return indices
  }

  /// Returns two bytes, the low byte first.
  private static func word(_ value: Int) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
  }
}
