/// A wrapper that shrinks uint8 images by averaging areas.
///
/// A new pixel is the mean of the area that it covers, bit for bit as by OpenCV's `INTER_AREA`. If
/// both sizes are multiples of the new ones, the pixels of an area are added as integers; otherwise
/// rows and columns have weights of single precision. Halves are rounded to the even number, but
/// upward for areas of 2×2.
package final class ResizeBatch: ObservedPartBatch {
  private let from: ImageLayout
  private let into: ImageLayout
  private let rowsCovered: AreaWeights
  private let columnsCovered: AreaWeights
  /// The size of a new pixel's area if that is whole in both directions.
  private let wholeArea: (height: Int, width: Int)?
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
    wholeArea =
      from.height.isMultiple(of: height) && from.width.isMultiple(of: width)
      ? (from.height / height, from.width / width) : nil
    scratch = FlatVector(repeating: 0, count: 2 * width)
    super.init(inner, part, shown: space)
  }

  override func observePart(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    for index in range {
      shrink(source[index].elements(UInt8.self), to: target[index].elements(UInt8.self))
    }
  }

  private func shrink(_ pixels: RowValues<UInt8>, to shown: RowValues<UInt8>) {
    for channel in 0..<from.channels {
      for row in 0..<into.height {
        let place = channel &* into.channelStride &+ row &* into.rowStride
        if let wholeArea {
          addUp(pixels, wholeArea, channel, row, shown, at: place)
        } else {
          average(pixels, channel, row, shown, at: place)
        }
      }
    }
  }

  /// Makes one row of new pixels that cover a whole number of pixels each.
  @inline(__always)
  private func addUp(
    _ pixels: RowValues<UInt8>, _ area: (height: Int, width: Int), _ channel: Int, _ row: Int,
    _ shown: RowValues<UInt8>, at place: Int
  ) {
    let share = 1 / Float(area.height &* area.width)
    for column in 0..<into.width {
      let first =
        channel &* from.channelStride &+ row &* area.height &* from.rowStride
        &+ column &* area.width &* from.columnStride
      var sum = 0
      for y in 0..<area.height {
        for x in 0..<area.width {
          sum &+= Int(pixels[first &+ y &* from.rowStride &+ x &* from.columnStride])
        }
      }
      shown[place &+ column &* into.columnStride] =
        area.height == 2 && area.width == 2
        ? UInt8((sum &+ 2) >> 2) : UInt8((Float(sum) * share).rounded(.toNearestOrEven))
    }
  }

  /// Makes one row of new pixels as weighted means of rows and columns.
  @inline(__always)
  private func average(
    _ pixels: RowValues<UInt8>, _ channel: Int, _ row: Int, _ shown: RowValues<UInt8>, at place: Int
  ) {
    let line = RowValues(scratch, 0..<into.width)
    let sums = RowValues(scratch, into.width..<2 * into.width)
    sums.fill(0)
    rowsCovered.forEach(of: row) { sourceRow, weight in
      narrow(pixels, channel &* from.channelStride &+ sourceRow &* from.rowStride, line)
      for column in 0..<into.width { sums[column] += weight * line[column] }
    }
    for column in 0..<into.width {
      // The mean of bytes is at most 255 plus rounding errors, which are far below ½.
      shown[place &+ column &* into.columnStride] =
        UInt8(sums[column].rounded(.toNearestOrEven))
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
