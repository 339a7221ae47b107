import Testing

@testable import Actor

/// Tests of the convolution kernels against their definition, on unaligned, guarded arrays.
struct `Convolution kernels` {
  private static let shapes = [
    (images: 1, channels: 1, height: 1, width: 1, outputs: 1, kernel: 1, stride: 1),
    (images: 2, channels: 3, height: 7, width: 5, outputs: 2, kernel: 3, stride: 1),
    (images: 3, channels: 2, height: 6, width: 19, outputs: 5, kernel: 2, stride: 3),
    (images: 1, channels: 2, height: 3, width: 69, outputs: 17, kernel: 3, stride: 1),
    (images: 2, channels: 4, height: 20, width: 20, outputs: 3, kernel: 8, stride: 4),
  ].map {
    ConvolutionShape(
      images: $0.images, channels: $0.channels, height: $0.height, width: $0.width,
      outputs: $0.outputs, kernel: $0.kernel, stride: $0.stride, activation: .identity)
  }

  /// Visits every product of a convolution with its indices in y, in the weight and in x.
  private func eachProduct(_ shape: ConvolutionShape, _ body: (Int, Int, Int) -> Void) {
    for image in 0..<shape.images {
      for output in 0..<shape.outputs {
        for place in 0..<shape.places {
          let (row, column) = (place / shape.outputWidth, place % shape.outputWidth)
          for channel in 0..<shape.channels {
            for i in 0..<shape.kernel {
              for j in 0..<shape.kernel {
                let line = (image * shape.channels + channel) * shape.height
                body(
                  (image * shape.outputs + output) * shape.places + place,
                  ((output * shape.channels + channel) * shape.kernel + i) * shape.kernel + j,
                  (line + row * shape.stride + i) * shape.width + column * shape.stride + j)
              }
            }
          }
        }
      }
    }
  }

  private func check<S: KernelScalar>(_: S.Type, _ shape: ConvolutionShape) {
    var generator = SmallGenerator(seed: 6)
    let count = shape.images * shape.outputs * shape.places
    let x = Cells<S>(count: shape.images * shape.imageCount, from: &generator)
    let weight = Cells<S>(count: shape.outputs * shape.depth, from: &generator)
    let bias = Cells<S>(count: shape.outputs, from: &generator)
    let dy = Cells<S>(count: count, from: &generator)
    let y = Cells<S>(count: count) { _ in .nan }
    let room = Cells<S>(count: shape.roomCount) { _ in .nan }
    let dx = Cells<S>(count: x.count) { _ in 1 }
    let dWeight = Cells<S>(count: weight.count) { _ in 2 }
    let dBias = Cells<S>(count: bias.count) { _ in 3 }
    Kernels.convolution(y.pointer, x.read, weight.read, bias.read, room.pointer, shape)
    Kernels.convolutionBackwardParameters(
      dWeight.pointer, dBias.pointer, dy.read, x.read, room.pointer, shape,
      of: 0..<shape.channels)
    Kernels.convolutionBackwardInput(dx.pointer, dy.read, weight.read, room.pointer, shape)

    var sums = (0..<count).map { [Double(bias.read[$0 / shape.places % shape.outputs])] }
    var inputs = Array(repeating: [1.0], count: x.count)
    var weights = Array(repeating: [2.0], count: weight.count)
    eachProduct(shape) { out, factor, from in
      sums[out].append(Double(weight.read[factor]) * Double(x.read[from]))
      inputs[from].append(Double(weight.read[factor]) * Double(dy.read[out]))
      weights[factor].append(Double(x.read[from]) * Double(dy.read[out]))
    }
    var biases = Array(repeating: [3.0], count: shape.outputs)
    for index in 0..<count {
      biases[index / shape.places % shape.outputs].append(Double(dy.read[index]))
    }
    let failures = [
      firstFailure(y, sums.map(Expected.init(sum:))),
      firstFailure(dx, inputs.map(Expected.init(sum:))),
      firstFailure(dWeight, weights.map(Expected.init(sum:))),
      firstFailure(dBias, biases.map(Expected.init(sum:))),
      room.isIntact ? nil : "room",
    ]
    #expect(failures.allSatisfy { $0 == nil }, "\(S.self), \(shape): \(failures)")
  }

  @Test func `many images and channels match the definition`() {
    for shape in Self.shapes {
      check(Float.self, shape)
      check(Double.self, shape)
    }
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 2), (1, 3), (4, 4), (5, 2)])
  func `every width of an image matches the definition`(kernel: Int, stride: Int) {
    for width in kernel...67 {
      let shape = ConvolutionShape(
        images: 1, channels: 2, height: kernel + width % 3, width: width, outputs: 1 + width % 4,
        kernel: kernel, stride: stride, activation: .identity)
      check(Float.self, shape)
      check(Double.self, shape)
    }
  }
}
