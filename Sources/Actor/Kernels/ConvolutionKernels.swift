// Convolution as matrix products, one image at a time. Ranked goals: an image's result does not depend on
// the images beside it; the memory needed is that of one image's patches, not of all images'; speed.

/// The sizes of a convolution, narrow so that a step of a plan stays small.
struct ConvolutionShape: BitwiseCopyable {
  private var imageCount32: Int32
  private var channels32: Int32
  private var height32: Int32
  private var width32: Int32
  private var outputs32: Int32
  private var kernel32: Int32
  private var stride32: Int32
  /// Applied to the sums; fusible.
  var activation: Activation

  init(
    images: Int, channels: Int, height: Int, width: Int, outputs: Int, kernel: Int, stride: Int,
    activation: Activation
  ) {
    imageCount32 = Int32(images)
    channels32 = Int32(channels)
    height32 = Int32(height)
    width32 = Int32(width)
    outputs32 = Int32(outputs)
    kernel32 = Int32(kernel)
    stride32 = Int32(stride)
    self.activation = activation
  }

  var images: Int { Int(imageCount32) }
  var channels: Int { Int(channels32) }
  var height: Int { Int(height32) }
  var width: Int { Int(width32) }
  var outputs: Int { Int(outputs32) }
  var kernel: Int { Int(kernel32) }
  var stride: Int { Int(stride32) }
  var outputHeight: Int { (height &- kernel) / stride &+ 1 }
  var outputWidth: Int { (width &- kernel) / stride &+ 1 }
  /// Places of the kernel on an image.
  var places: Int { outputHeight &* outputWidth }
  /// Numbers below the kernel at each place.
  var depth: Int { channels &* kernel &* kernel }
  /// Numbers in one image.
  var imageCount: Int { channels &* height &* width }
  /// Numbers in the room that every kernel is given: one image's patches, the transposed weight, and one
  /// image's sums.
  var roomCount: Int { places &* depth &+ depth &* outputs &+ places &* outputs }
}

extension Kernels {
  /// A convolution: y [images, outputs, places] = activation(patches · Wᵀ + bias)ᵀ of each image.
  ///
  /// `x` is [images, channels, height, width], `weight` [outputs, depth]; `room` is `roomCount` numbers.
  /// The outputs lie along the vectors until an image is done: there are more often whole vectors of them
  /// than of places, and patches [places, depth] are gathered in runs as long as the kernel is wide.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func convolution<S: KernelScalar>(
    _ y: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ bias: UnsafePointer<S>, _ room: UnsafeMutablePointer<S>, _ shape: ConvolutionShape
  ) {
    let (places, depth, outputs) = (shape.places, shape.depth, shape.outputs)
    let weightTransposed = room + places &* depth
    let sums = weightTransposed + depth &* outputs
    transpose(weightTransposed, weight, rows: outputs, columns: depth)
    for image in 0..<shape.images {
      gather(room, x + image &* shape.imageCount, shape)
      linearForward(
        sums, UnsafePointer(room), weight, UnsafePointer(weightTransposed), bias, rows: places,
        inputs: depth, outputs: outputs, activation: shape.activation)
      transpose(
        y + image &* outputs &* places, UnsafePointer(sums), rows: places, columns: outputs)
    }
  }

  /// The gradients of a convolution's parameters, added: dW += Σ dy · patches, dBias += Σ dy.
  ///
  /// `dy` is the gradient before the activation; `room` is `roomCount` numbers.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func convolutionBackwardParameters<S: KernelScalar>(
    _ dWeight: UnsafeMutablePointer<S>, _ dBias: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>,
    _ x: UnsafePointer<S>, _ room: UnsafeMutablePointer<S>, _ shape: ConvolutionShape
  ) {
    let (places, depth) = (shape.places, shape.depth)
    for image in 0..<shape.images {
      let from = dy + image &* shape.outputs &* places
      for output in 0..<shape.outputs {
        dBias[output] += sum(from + output &* places, count: places)
      }
      gather(room, x + image &* shape.imageCount, shape)
      matmul(
        dWeight, from, UnsafePointer(room), m: shape.outputs, n: depth, k: places,
        aRowStride: places, aDepthStride: 1, bRowStride: depth, cRowStride: depth,
        accumulate: true)
    }
  }

  /// The gradient of a convolution's input, added: dx += dyᵀ · W, each patch where it was taken.
  ///
  /// `dy` is the gradient before the activation; `room` is `roomCount` numbers.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func convolutionBackwardInput<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ room: UnsafeMutablePointer<S>, _ shape: ConvolutionShape
  ) {
    let (places, depth) = (shape.places, shape.depth)
    for image in 0..<shape.images {
      matmul(
        room, dy + image &* shape.outputs &* places, weight, m: places, n: depth,
        k: shape.outputs, aRowStride: 1, aDepthStride: places, bRowStride: depth,
        cRowStride: depth, accumulate: false)
      scatter(dx + image &* shape.imageCount, UnsafePointer(room), shape)
    }
  }

  /// patches [places, depth] of one image: a row holds what lies below the kernel at one place.
  @inline(__always)
  private static func gather<S: KernelScalar>(
    _ patches: UnsafeMutablePointer<S>, _ image: UnsafePointer<S>, _ shape: ConvolutionShape
  ) {
    let kernel = shape.kernel
    // Runs are so short that a loop whose length is not known costs more than what it moves.
    switch kernel {
    case 3: eachRun(shape) { copyRun(patches + $0, image + $1, Constant<3>.self) }
    case 4: eachRun(shape) { copyRun(patches + $0, image + $1, Constant<4>.self) }
    case 8: eachRun(shape) { copyRun(patches + $0, image + $1, Constant<8>.self) }
    default: eachRun(shape) { (patches + $0).update(from: image + $1, count: kernel) }
    }
  }

  /// Adds patches [places, depth] to one image, each number where `gather` took it.
  @inline(__always)
  private static func scatter<S: KernelScalar>(
    _ image: UnsafeMutablePointer<S>, _ patches: UnsafePointer<S>, _ shape: ConvolutionShape
  ) {
    let kernel = shape.kernel
    switch kernel {
    case 3: eachRun(shape) { addRun(image + $1, patches + $0, Constant<3>.self) }
    case 4: eachRun(shape) { addRun(image + $1, patches + $0, Constant<4>.self) }
    case 8: eachRun(shape) { addRun(image + $1, patches + $0, Constant<8>.self) }
    default: eachRun(shape) { accumulate(image + $1, patches + $0, kernel) { v in v } }
    }
  }

  /// Visits each row of the kernel at each place: where it begins in patches [places, depth] and in an
  /// image.
  @inline(__always)
  private static func eachRun(_ shape: ConvolutionShape, _ body: (Int, Int) -> Void) {
    let (kernel, width, stride) = (shape.kernel, shape.width, shape.stride)
    let (channels, outputWidth) = (shape.channels, shape.outputWidth)
    let planeCount = shape.height &* width
    var place = 0
    for row in 0..<shape.outputHeight {
      for column in 0..<outputWidth {
        var plane = (row &* width &+ column) &* stride
        for _ in 0..<channels {
          var line = plane
          for _ in 0..<kernel {
            body(place, line)
            place &+= kernel
            line &+= width
          }
          plane &+= planeCount
        }
      }
    }
  }

  @inline(__always)
  private static func copyRun<S: KernelScalar, let count: Int>(
    _ to: UnsafeMutablePointer<S>, _ from: UnsafePointer<S>, _: Constant<count>.Type
  ) {
    // All are read before the first is written: the optimiser need not ask whether the two overlap.
    var numbers = InlineArray<count, S>(repeating: 0)
    for i in 0..<count { numbers[i] = from[i] }
    for i in 0..<count { to[i] = numbers[i] }
  }

  @inline(__always)
  private static func addRun<S: KernelScalar, let count: Int>(
    _ to: UnsafeMutablePointer<S>, _ from: UnsafePointer<S>, _: Constant<count>.Type
  ) {
    var numbers = InlineArray<count, S>(repeating: 0)
    for i in 0..<count { numbers[i] = to[i] + from[i] }
    for i in 0..<count { to[i] = numbers[i] }
  }
}
