/// A wrapper that converts uint8 images to grayscale: 0.299 R + 0.587 G + 0.114 B.
///
/// Computed in integers as by OpenCV's `cvtColor`: (9798 R + 19235 G + 3735 B + 2¹⁴) / 2¹⁵, rounded
/// down.
package final class GrayScaleBatch: ObservedPartBatch {
  private let image: ImageLayout

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - inner: the batch to wrap.
  ///   - path: the part of a Dict or Tuple that is the image; `nil` for the whole observation.
  /// - Throws: `SpaceMismatch` if the observation is not a uint8 Box [H, W, 3] or [3, H, W].
  package init(_ inner: any EnvironmentBatch, at path: String? = nil) throws(SpaceMismatch) {
    let part = try ObservedPart(of: inner.spaces.observation, at: path)
    image = try ImageLayout(part.space)
    guard image.channels == 3 else {
      throw SpaceMismatch(
        description: "the observation is \(part.space) and must have 3 colors")
    }
    super.init(inner, part, shown: image.gray)
  }

  override func observePart(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    for index in range {
      convert(source[index].elements(UInt8.self), to: target[index].elements(UInt8.self))
    }
  }

  private func convert(_ colors: RowValues<UInt8>, to gray: RowValues<UInt8>) {
    let (green, blue) = (image.channelStride, 2 * image.channelStride)
    // Rows are contiguous in all layouts, so pixels are evenly spaced throughout.
    let (count, stride) = (image.height * image.width, image.columnStride)
    for pixel in 0..<count {
      let place = pixel &* stride
      let sum =
        9798 &* UInt32(colors[place]) &+ 19235 &* UInt32(colors[green &+ place])
        &+ 3735 &* UInt32(colors[blue &+ place])
      gray[pixel] = UInt8(truncatingIfNeeded: (sum &+ (1 << 14)) >> 15)
    }
  }
}
