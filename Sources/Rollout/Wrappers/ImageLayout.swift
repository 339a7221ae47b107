/// The sizes and strides of a uint8 image: rows, columns and channels.
struct ImageLayout {
  let height: Int
  let width: Int
  let channels: Int
  /// The distance between channels of a pixel, in elements.
  let channelStride: Int
  /// The distance between pixels of a row, in elements.
  let columnStride: Int
  /// The distance between rows, in elements.
  let rowStride: Int
  private let shape: [Int]
  private let bounds: (low: Double, high: Double)

  /// Creates the layout of [H, W], [H, W, C] with at most 4 channels, or otherwise [C, H, W].
  ///
  /// - Throws: `SpaceMismatch` for any other space.
  init(_ space: Space) throws(SpaceMismatch) {
    let box = try space.box
    guard box.elementType == .uint8, box.shape.count == 2 || box.shape.count == 3 else {
      throw SpaceMismatch(
        description: "the observation is \(space) and must be a uint8 image of 2 or 3 axes")
    }
    shape = box.shape
    bounds = (box.low, box.high)
    if shape.count == 2 {
      (height, width, channels) = (shape[0], shape[1], 1)
      (channelStride, columnStride, rowStride) = (0, 1, shape[1])
    } else if shape[2] <= 4 {
      (height, width, channels) = (shape[0], shape[1], shape[2])
      (channelStride, columnStride, rowStride) = (1, shape[2], shape[1] * shape[2])
    } else {
      (height, width, channels) = (shape[1], shape[2], shape[0])
      (channelStride, columnStride, rowStride) = (shape[1] * shape[2], 1, shape[2])
    }
  }

  /// Returns the space of images of another size with the same order of axes.
  func resized(height: Int, width: Int) -> Space {
    space(
      shape.count == 2
        ? [height, width]
        : shape[2] <= 4 ? [height, width, channels] : [channels, height, width])
  }

  /// The space of single-channel images of this size.
  var gray: Space { space([height, width]) }

  private func space(_ shape: [Int]) -> Space {
    .box(shape: shape, low: bounds.low, high: bounds.high, elementType: .uint8)
  }

}
