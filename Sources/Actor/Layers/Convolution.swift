import Rollout

extension Graph {
  /// Applies PyTorch's `Conv2d` without padding to images [.., channels, height, width].
  ///
  /// The result is [.., outputs, (height − kernel) / stride + 1, (width − kernel) / stride + 1].
  /// Join its last three axes with `reshaped` before a linear layer. The parameters are
  /// `<name>.weight` [outputs, channels, kernel, kernel] and `<name>.bias` [outputs]. Both are
  /// drawn from U(±1/√(channels · kernel²)). With `weights`, the weight is drawn from that and the
  /// bias is zero.
  ///
  /// - Precondition: the kernel fits into the image; `stride` is at least 1.
  public func convolution(
    _ x: Tensor, outputs: Int, kernel: Int, stride: Int = 1, name: String,
    activation: Activation = .identity, weights: Initialization? = nil
  ) -> Tensor {
    precondition(
      x.shape.count >= 3, "\(x.shape) is not an image: channels, height and width are needed")
    let image = Array(x.shape.suffix(3))
    precondition(
      kernel >= 1 && kernel <= image[1] && kernel <= image[2] && stride >= 1,
      "a kernel of \(kernel) with stride \(stride) on an image of \(image[1]) by \(image[2])")
    let depth = image[0] * kernel * kernel
    let bound = Initialization.uniform(1 / Double(max(depth, 1)).squareRoot())
    let weight = parameter("\(name).weight", [outputs, image[0], kernel, kernel], weights ?? bound)
    let bias = parameter("\(name).bias", [outputs], weights == nil ? bound : .constant(0))
    let fused = activation.isFusible ? activation : .identity
    let y = append(
      .convolution(stride: stride, fused), [x.numeric, weight, bias],
      x.shape.dropLast(3) + [outputs] + image.dropFirst().map { ($0 - kernel) / stride + 1 })
    return activation.isFusible ? y : y.activated(activation)
  }
}
