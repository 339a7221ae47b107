// Convolution as matrix products, one image at a time. Ranked goals: an image's result does not depend on
// the images beside it; the memory needed is one image's patches, not all images'; the products' speed.

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
}

extension Kernels {
  /// A convolution: y [images, outputs, places] = activation(W [outputs, depth] · patches + bias).
  ///
  /// `x` is [images, channels, height, width]; `patches` is room for [depth, places].
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func convolution<S: KernelScalar>(
    _ y: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ bias: UnsafePointer<S>, _ patches: UnsafeMutablePointer<S>, _ shape: ConvolutionShape
  ) {
    let (places, depth) = (shape.places, shape.depth)
    for image in 0..<shape.images {
      let to = y + image &* shape.outputs &* places
      for output in 0..<shape.outputs { fill(to + output &* places, bias[output], places) }
      spread(patches, x + image &* shape.imageCount, shape)
      matmul(
        to, weight, UnsafePointer(patches), m: shape.outputs, n: places, k: depth,
        aRowStride: depth, aDepthStride: 1, bRowStride: places, cRowStride: places,
        accumulate: true)
    }
    if shape.activation != .identity {
      activationForward(
        y, UnsafePointer(y), count: shape.images &* shape.outputs &* places,
        activation: shape.activation)
    }
  }

  /// The gradients of a convolution's parameters, added: dW += Σ dy · patchesᵀ, dBias += Σ dy.
  ///
  /// `dy` is the gradient before the activation; `patches` is room for [places, depth].
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func convolutionBackwardParameters<S: KernelScalar>(
    _ dWeight: UnsafeMutablePointer<S>, _ dBias: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>,
    _ x: UnsafePointer<S>, _ patches: UnsafeMutablePointer<S>, _ shape: ConvolutionShape
  ) {
    let (places, depth) = (shape.places, shape.depth)
    for image in 0..<shape.images {
      let from = dy + image &* shape.outputs &* places
      for output in 0..<shape.outputs {
        dBias[output] += sum(from + output &* places, count: places)
      }
      gather(patches, x + image &* shape.imageCount, shape)
      matmul(
        dWeight, from, UnsafePointer(patches), m: shape.outputs, n: depth, k: places,
        aRowStride: places, aDepthStride: 1, bRowStride: depth, cRowStride: depth,
        accumulate: true)
    }
  }

  /// The gradient of a convolution's input, added: dx += Wᵀ · dy, each patch where it was taken.
  ///
  /// `dy` is the gradient before the activation; `patches` is room for [depth, places].
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func convolutionBackwardInput<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ patches: UnsafeMutablePointer<S>, _ shape: ConvolutionShape
  ) {
    let (places, depth) = (shape.places, shape.depth)
    for image in 0..<shape.images {
      matmul(
        patches, weight, dy + image &* shape.outputs &* places, m: depth, n: places,
        k: shape.outputs, aRowStride: 1, aDepthStride: depth, bRowStride: places,
        cRowStride: places, accumulate: false)
      addBack(dx + image &* shape.imageCount, UnsafePointer(patches), shape)
    }
  }

  /// patches [depth, places] of one image: a row holds what one number of the kernel meets at each place.
  @inline(__always)
  private static func spread<S: KernelScalar>(
    _ patches: UnsafeMutablePointer<S>, _ image: UnsafePointer<S>, _ shape: ConvolutionShape
  ) {
    let (stride, width) = (shape.stride, shape.outputWidth)
    var to = patches
    eachRow(shape) { start in
      let from = image + start
      if stride == 1 {
        to.update(from: from, count: width)
      } else {
        for column in 0..<width { to[column] = from[column &* stride] }
      }
      to += width
    }
  }

  /// Adds patches [depth, places] to one image, each number where `spread` took it.
  @inline(__always)
  private static func addBack<S: KernelScalar>(
    _ image: UnsafeMutablePointer<S>, _ patches: UnsafePointer<S>, _ shape: ConvolutionShape
  ) {
    let (stride, width) = (shape.stride, shape.outputWidth)
    var from = patches
    eachRow(shape) { start in
      let to = image + start
      if stride == 1 {
        accumulate(to, from, width) { v in v }
      } else {
        for column in 0..<width { to[column &* stride] += from[column] }
      }
      from += width
    }
  }

  /// Visits where in an image each row of patches [depth, outputHeight, outputWidth] begins.
  @inline(__always)
  private static func eachRow(_ shape: ConvolutionShape, _ body: (Int) -> Void) {
    for channel in 0..<shape.channels {
      for kernelRow in 0..<shape.kernel {
        for kernelColumn in 0..<shape.kernel {
          for row in 0..<shape.outputHeight {
            let line = channel &* shape.height &+ row &* shape.stride &+ kernelRow
            body(line &* shape.width &+ kernelColumn)
          }
        }
      }
    }
  }

  /// patches [places, depth] of one image: a row holds what lies below the kernel at one place.
  @inline(__always)
  private static func gather<S: KernelScalar>(
    _ patches: UnsafeMutablePointer<S>, _ image: UnsafePointer<S>, _ shape: ConvolutionShape
  ) {
    let kernel = shape.kernel
    var to = patches
    for row in 0..<shape.outputHeight {
      for column in 0..<shape.outputWidth {
        for channel in 0..<shape.channels {
          for kernelRow in 0..<kernel {
            let line = channel &* shape.height &+ row &* shape.stride &+ kernelRow
            let from = image + (line &* shape.width &+ column &* shape.stride)
            for kernelColumn in 0..<kernel { to[kernelColumn] = from[kernelColumn] }
            to += kernel
          }
        }
      }
    }
  }
}
