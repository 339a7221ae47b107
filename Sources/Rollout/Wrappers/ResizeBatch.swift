/// A wrapper that shrinks uint8 images by averaging areas.
///
/// A new pixel is the mean of the area that it covers, as with OpenCV's `INTER_AREA`. It is rounded
/// to the nearest integer, halves upward.
package final class ResizeBatch: ObservedPartBatch {
  private let from: ImageLayout
  private let into: ImageLayout
  private let rowsCovered: AreaWeights
  private let columnsCovered: AreaWeights
  /// One row of a channel at the new width, followed by the sums of one target row.
  private let scratch: FlatVector<Float>

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - inner: the batch to wrap.
  ///   - height: the new height in pixels.
  ///   - width: the new width in pixels.
  ///   - path: the part of a Dict or Tuple that is the image; `nil` for the whole observation.
  /// - Throws: `SpaceMismatch` if the observation is not a uint8 image, or is smaller than the new
  ///   size.
  /// - Precondition: height and width are positive.
  package init(
    _ inner: any EnvironmentBatch, height: Int, width: Int, at path: String? = nil
  ) throws(SpaceMismatch) {
    precondition(height > 0 && width > 0, "an image of \(height)x\(width)")
    let part = try ObservedPart(of: inner.spaces.observation, at: path)
    from = try ImageLayout(part.space)
    guard height <= from.height, width <= from.width else {
      throw SpaceMismatch(
        description: """
          the image has \(from.height)x\(from.width) pixels and cannot be enlarged: use at most \
          that size
          """)
    }
    let space = from.resized(height: height, width: width)
    into = try ImageLayout(space)
    rowsCovered = AreaWeights(of: from.height, by: height)
    columnsCovered = AreaWeights(of: from.width, by: width)
    scratch = FlatVector(repeating: 0, count: 2 * width)
    super.init(inner, part, shown: space)
  }

  override func observePart(
    _ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow
  ) {
    let (pixels, shown) = (source.elements(UInt8.self), target.elements(UInt8.self))
    let line = RowValues(scratch, 0..<into.width)
    let sums = RowValues(scratch, into.width..<2 * into.width)
    for channel in 0..<from.channels {
      for row in 0..<into.height {
        sums.fill(0)
        rowsCovered.forEach(of: row) { sourceRow, weight in
          narrow(pixels, channel &* from.channelStride &+ sourceRow &* from.rowStride, line)
          for column in 0..<into.width { sums[column] += weight * line[column] }
        }
        let place = channel &* into.channelStride &+ row &* into.rowStride
        for column in 0..<into.width {
          // The mean of bytes is at most 255 plus rounding errors, so adding ½ stays below 256.
          shown[place &+ column &* into.columnStride] = UInt8(sums[column] + 0.5)
        }
      }
    }
  }

  /// Averages one row of a channel over the new columns.
  private func narrow(
    _ pixels: RowValues<UInt8>, _ first: Int, _ line: RowValues<Float>
  ) {
    for column in 0..<into.width {
      var sum: Float = 0
      columnsCovered.forEach(of: column) { source, weight in
        sum += weight * Float(pixels[first &+ source &* from.columnStride])
      }
      line[column] = sum
    }
  }
}
