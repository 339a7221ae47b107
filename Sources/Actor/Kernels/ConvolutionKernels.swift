// Convolution as matrix products, one image at a time. Goals in order of priority: an image's
// result does not depend on its neighbors in the batch; memory for the patches of one image only;
// speed.

/// The sizes of a convolution, in 32 bits to keep a plan's steps small.
struct ConvolutionShape: BitwiseCopyable {
  private var imageCount32: Int32
  private var channels32: Int32
  private var height32: Int32
  private var width32: Int32
  private var outputs32: Int32
  private var kernel32: Int32
  private var stride32: Int32
  /// The fusible activation applied to the sums.
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

  /// Returns the shape for another number of images.
  func with(images: Int) -> ConvolutionShape {
    var shape = self
    shape.imageCount32 = Int32(images)
    return shape
  }

  /// Returns the shape for another number of channels.
  func with(channels: Int) -> ConvolutionShape {
    var shape = self
    shape.channels32 = Int32(channels)
    return shape
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
  /// The number of kernel positions on an image.
  var places: Int { outputHeight &* outputWidth }
  /// The number of elements below the kernel at each position.
  var depth: Int { channels &* kernel &* kernel }
  /// The number of elements of one image.
  var imageCount: Int { channels &* height &* width }
  /// The number of elements of scratch memory that each kernel needs.
  ///
  /// It holds one image's patches, the packed weight and one image's sums.
  var roomCount: Int {
    places &* depth &+ Kernels.packedCount(outputs: outputs, inputs: depth) &+ places &* outputs
  }
}

extension Kernels {
  /// Computes y [images, outputs, places] = activation(patches · Wᵀ + bias)ᵀ for each image.
  ///
  /// `x` is [images, channels, height, width], `weight` [outputs, depth]; `room` has `roomCount`
  /// elements. Vectors run along the outputs until an image is done, because the outputs fill whole
  /// vectors more often than the places do. Patches [places, depth] are gathered in runs of the
  /// kernel's width.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func convolution<S: KernelScalar>(
    _ y: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ bias: UnsafePointer<S>, _ room: UnsafeMutablePointer<S>, _ shape: ConvolutionShape
  ) {
    let (places, depth, outputs) = (shape.places, shape.depth, shape.outputs)
    let packed = room + places &* depth
    let sums = packed + packedCount(outputs: outputs, inputs: depth)
    packWeight(packed, weight, outputs: outputs, inputs: depth)
    for image in 0..<shape.images {
      gather(room, x + image &* shape.imageCount, shape)
      linearForward(
        sums, UnsafePointer(room), weight, UnsafePointer(packed), bias, rows: places,
        inputs: depth, outputs: outputs, activation: shape.activation)
      transpose(
        y + image &* outputs &* places, UnsafePointer(sums), rows: places, columns: outputs)
    }
  }

  /// Adds the gradients of a convolution's parameters: dW += Σ dy · patches, dBias += Σ dy.
  ///
  /// `dy` is the gradient before the activation; `room` has an element for each one of an image's
  /// patches. Only the kernels of `channels` are computed, with the same bits as all at once.
  /// `dBias` may be absent.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func convolutionBackwardParameters<S: KernelScalar>(
    _ dWeight: UnsafeMutablePointer<S>, _ dBias: UnsafeMutablePointer<S>?, _ dy: UnsafePointer<S>,
    _ x: UnsafePointer<S>, _ room: UnsafeMutablePointer<S>, _ shape: ConvolutionShape,
    of channels: Range<Int>
  ) {
    let (places, depth) = (shape.places, shape.depth)
    let part = shape.with(channels: channels.count)
    let firstPixel = channels.lowerBound &* shape.height &* shape.width
    for image in 0..<shape.images {
      let from = dy + image &* shape.outputs &* places
      if let dBias {
        for output in 0..<shape.outputs {
          dBias[output] += sum(from + output &* places, count: places)
        }
      }
      gather(room, x + (image &* shape.imageCount &+ firstPixel), part)
      matmul(
        dWeight + channels.lowerBound &* shape.kernel &* shape.kernel, from, UnsafePointer(room),
        m: shape.outputs, n: part.depth, k: places, aRowStride: places, aDepthStride: 1,
        bRowStride: part.depth, cRowStride: depth, accumulate: true)
    }
  }

  /// Adds the gradient of a convolution's input: dx += dyᵀ · W, each patch at its source.
  ///
  /// `dy` is the gradient before the activation; `room` has `roomCount` elements.
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

  /// Gathers one image's patches [places, depth]: a row holds the pixels below the kernel.
  @inline(__always)
  private static func gather<S: KernelScalar>(
    _ patches: UnsafeMutablePointer<S>, _ image: UnsafePointer<S>, _ shape: ConvolutionShape
  ) {
    let kernel = shape.kernel
    // For such short runs, a loop of unknown length costs more than the copying itself.
    switch kernel {
    case 3: eachRun(shape) { copyRun(patches + $0, image + $1, Constant<3>.self) }
    case 4: eachRun(shape) { copyRun(patches + $0, image + $1, Constant<4>.self) }
    case 8: eachRun(shape) { copyRun(patches + $0, image + $1, Constant<8>.self) }
    default: eachRun(shape) { (patches + $0).update(from: image + $1, count: kernel) }
    }
  }

  /// Adds patches [places, depth] to one image, each element where `gather` read it.
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

  /// Visits each row of the kernel at each place, with its start in the patches and in the image.
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
    // All reads precede the first write, which spares the compiler a check for overlap.
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
