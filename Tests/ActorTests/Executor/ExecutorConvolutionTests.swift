import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of convolutions against their definition, forwards and backwards.
struct ExecutorConvolutionTests {
  /// The sizes of a convolution.
  struct Sizes {
    var leading: [Int]
    var channels, height, width, outputs, kernel, stride: Int

    var shape: [Int] { leading + [channels, height, width] }
    var shapes: [[Int]] { [[outputs, channels, kernel, kernel], [outputs], shape] }
    var outputHeight: Int { (height - kernel) / stride + 1 }
    var outputWidth: Int { (width - kernel) / stride + 1 }

    /// Returns the sums by definition; parameters in the order weight, bias, x.
    func sums(_ numbers: [[Double]]) -> [Double] {
      let (weight, bias, x) = (numbers[0], numbers[1], numbers[2])
      var result: [Double] = []
      for image in 0..<leading.reduce(1, *) {
        for output in 0..<outputs {
          for row in 0..<outputHeight {
            for column in 0..<outputWidth {
              var sum = bias[output]
              for channel in 0..<channels {
                for i in 0..<kernel {
                  for j in 0..<kernel {
                    let line = (image * channels + channel) * height + row * stride + i
                    let factor = weight[((output * channels + channel) * kernel + i) * kernel + j]
                    sum += factor * x[line * width + column * stride + j]
                  }
                }
              }
              result.append(sum)
            }
          }
        }
      }
      return result
    }
  }

  private static let names = ["layer.weight", "layer.bias", "x"]

  private static let sizes = [
    Sizes(leading: [], channels: 1, height: 1, width: 1, outputs: 1, kernel: 1, stride: 1),
    Sizes(leading: [1], channels: 1, height: 3, width: 5, outputs: 1, kernel: 3, stride: 1),
    Sizes(leading: [3], channels: 2, height: 5, width: 7, outputs: 3, kernel: 2, stride: 1),
    Sizes(leading: [2, 2], channels: 3, height: 7, width: 6, outputs: 5, kernel: 3, stride: 2),
    Sizes(leading: [2], channels: 2, height: 9, width: 11, outputs: 4, kernel: 4, stride: 3),
    Sizes(leading: [1], channels: 1, height: 5, width: 22, outputs: 17, kernel: 1, stride: 5),
  ]

  @Test func `convolutions of odd sizes`() {
    for sizes in Self.sizes {
      Formula(sizes.shapes, names: Self.names) { graph, x in
        graph.convolution(
          x[2], outputs: sizes.outputs, kernel: sizes.kernel, stride: sizes.stride, name: "layer")
      }.check("convolution") { sizes.sums($0) }
    }
  }

  @Test func `activations behind a convolution`() {
    let sizes = Self.sizes[2]
    let definitions: [(Activation, (Double) -> Double)] = [
      (.relu, { max($0, 0) }), (.elu, { $0 > 0 ? $0 : expm1($0) }),
      (.tanh, { Foundation.tanh($0) }), (.silu, { $0 / (1 + Foundation.exp(-$0)) }),
      (.gelu, { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }),
    ]
    for (activation, definition) in definitions {
      Formula(sizes.shapes, names: Self.names) { graph, x in
        graph.convolution(
          x[2], outputs: sizes.outputs, kernel: sizes.kernel, stride: sizes.stride, name: "layer",
          activation: activation)
      }.check("\(activation) behind a convolution") { sizes.sums($0).map(definition) }
    }
  }

  @Test func `a convolution, flattened, goes on to a linear layer`() {
    let sizes = Self.sizes[3]
    let flat = sizes.outputs * sizes.outputHeight * sizes.outputWidth
    Formula(sizes.shapes + [[1, flat]], names: Self.names + ["head.weight"]) { graph, x in
      let y = graph.convolution(
        x[2], outputs: sizes.outputs, kernel: sizes.kernel, stride: sizes.stride, name: "layer")
      return graph.linear(
        y.reshaped(sizes.leading + [flat]), outputs: 1, name: "head", bias: false)
    }.check("flattened") { x in
      let sums = sizes.sums(x)
      return stride(from: 0, to: sums.count, by: flat).map { start in
        (0..<flat).reduce(0) { $0 + sums[start + $1] * x[3][$1] }
      }
    }
  }

  @Test func `an image's result does not depend on the images beside it`() {
    func values(_ images: Int, from first: Int) -> [Float] {
      let graph = Graph()
      let x = graph.input([images, 4, 21, 19])
      let y = graph.convolution(
        x, outputs: 9, kernel: 8, stride: 4, name: "layer", activation: .tanh)
      let executor = Executor<Float>(graph, outputs: [y])
      var random = PCG64(seed: 1)
      graph.parameters.initialize(executor.weights, using: &random)
      var generator = SmallGenerator(seed: 2)
      let numbers = (0..<5 * 4 * 21 * 19).map { _ in Float(generator.uniform(-1, 1)) }
      let size = 4 * 21 * 19
      executor.set(x, to: Array(numbers[first * size..<(first + images) * size]))
      executor.weightsChanged()
      executor.forward()
      return executor.values(of: y)
    }
    let all = values(5, from: 0)
    for image in 0..<5 {
      let count = all.count / 5
      #expect(values(1, from: image) == Array(all[image * count..<(image + 1) * count]))
    }
  }
}
