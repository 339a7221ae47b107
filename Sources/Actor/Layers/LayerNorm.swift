import Rollout

extension Graph {
  /// Applies PyTorch's `LayerNorm` over the last axis.
  ///
  /// It returns (x − mean) / √(variance + ε) · weight + bias. The parameters are `<name>.weight`
  /// and `<name>.bias` [last axis], at first ones and zeros. The variance is the mean of the
  /// squared deviations.
  public func layerNorm(_ x: Tensor, name: String, epsilon: Double = 1e-5) -> Tensor {
    let width = x.lastAxis
    let weight = parameter("\(name).weight", [width], .constant(1))
    let bias = parameter("\(name).bias", [width], .constant(0))
    return append(.layerNorm(epsilon: epsilon), [x.numeric, weight, bias], x.shape)
  }
}
