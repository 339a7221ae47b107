import Rollout

extension KernelBenchmarks {
  /// The three convolutions of the Nature DQN with allocated operands, to run repeatedly.
  ///
  /// From frames [4, 84, 84]: 32 of 8 × 8 with stride 4, 64 of 4 × 4 with stride 2, 64 of 3 × 3
  /// with stride 1, each with ReLU.
  ///
  /// Source: Mnih et al. (2015), "Human-level control through deep reinforcement learning".
  package final class Convolutions {
    private struct Layer {
      let shape: ConvolutionShape
      let weight: FlatVector<Float>
      let bias: FlatVector<Float>
      let result: FlatVector<Float>
      let resultGradient: FlatVector<Float>
      let weightGradient: FlatVector<Float>
      let biasGradient: FlatVector<Float>

      init(
        images: Int, channels: Int, size: Int, outputs: Int, kernel: Int, stride: Int
      ) {
        shape = ConvolutionShape(
          images: images, channels: channels, height: size, width: size, outputs: outputs,
          kernel: kernel, stride: stride, activation: .relu)
        let count = images * outputs * shape.places
        weight = KernelBenchmarks.numbers(outputs * shape.depth)
        bias = KernelBenchmarks.numbers(outputs)
        result = KernelBenchmarks.numbers(count)
        resultGradient = KernelBenchmarks.numbers(count)
        weightGradient = KernelBenchmarks.numbers(outputs * shape.depth)
        biasGradient = KernelBenchmarks.numbers(outputs)
      }
    }

    private let frames: FlatVector<Float>
    private let layers: [Layer]
    private let room: FlatVector<Float>

    /// Allocates the network for `images` frames.
    package init(images: Int) {
      frames = KernelBenchmarks.numbers(images * 4 * 84 * 84)
      layers = [
        Layer(images: images, channels: 4, size: 84, outputs: 32, kernel: 8, stride: 4),
        Layer(images: images, channels: 32, size: 20, outputs: 64, kernel: 4, stride: 2),
        Layer(images: images, channels: 64, size: 9, outputs: 64, kernel: 3, stride: 1),
      ]
      room = KernelBenchmarks.numbers(
        layers.map(\.shape.roomCount).max() ?? 0)
    }

    /// The number of floating-point operations of the products of a forward pass.
    package var operationCount: Int {
      layers.reduce(0) {
        let shape = $1.shape
        return $0 + 2 * shape.images * shape.outputs * shape.depth * shape.places
      }
    }

    /// Computes all three layers.
    package func forward() {
      for (index, layer) in layers.enumerated() {
        let x = index == 0 ? frames : layers[index - 1].result
        Kernels.convolution(
          layer.result.base, x.base, layer.weight.base, layer.bias.base, room.base, layer.shape)
      }
    }

    /// Computes the gradients of all parameters from a given gradient of the last layer's result.
    package func backward() {
      for (index, layer) in layers.enumerated().reversed() {
        let x = index == 0 ? frames : layers[index - 1].result
        let dy = layer.resultGradient
        Kernels.activationBackward(
          dy.base, dy.base, layer.result.base, count: dy.count, activation: .relu)
        layer.weightGradient.clear()
        layer.biasGradient.clear()
        Kernels.convolutionBackwardParameters(
          layer.weightGradient.base, layer.biasGradient.base, dy.base, x.base, room.base,
          layer.shape, of: 0..<layer.shape.channels)
        if index > 0 {
          let dx = layers[index - 1].resultGradient
          dx.clear()
          Kernels.convolutionBackwardInput(
            dx.base, dy.base, layer.weight.base, room.base, layer.shape)
        }
      }
    }
  }
}
