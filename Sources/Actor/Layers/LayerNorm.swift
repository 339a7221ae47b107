import Rollout

extension Graph {
  /// PyTorch's `LayerNorm` over the last axis: (x − mean) / √(variance + ε) · weight + bias.
  ///
  /// Parameters `<name>.weight` and `<name>.bias` [last axis], ones and zeros at first; the variance is the
  /// mean of the squared deviations.
  public func layerNorm(_ x: Tensor, name: String, epsilon: Double = 1e-5) -> Tensor {
    let width = x.lastAxis
    let weight = parameter("\(name).weight", [width], .constant(1))
    let bias = parameter("\(name).bias", [width], .constant(0))
    return append(.layerNorm(epsilon: epsilon), [x.numeric, weight, bias], x.shape)
  }
}
