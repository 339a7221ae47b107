import Rollout

extension Graph {
  /// Applies PyTorch's `Linear` to the last axis: x Wᵀ + b.
  ///
  /// The parameters are `<name>.weight` [outputs, inputs] and `<name>.bias` [outputs]. Both are
  /// drawn from U(±1/√inputs). With `weights`, the weight is drawn from that and the bias is zero.
  /// A fusible activation is computed in the same pass.
  public func linear(
    _ x: Tensor, outputs: Int, name: String, bias: Bool = true,
    activation: Activation = .identity, weights: Initialization? = nil
  ) -> Tensor {
    let inputs = x.lastAxis
    let bound = Initialization.uniform(1 / Double(max(inputs, 1)).squareRoot())
    var operands = [x.numeric, parameter("\(name).weight", [outputs, inputs], weights ?? bound)]
    if bias {
      let first = weights == nil ? bound : .constant(0)
      operands.append(parameter("\(name).bias", [outputs], first))
    }
    let fused = activation.isFusible ? activation : .identity
    let y = append(.linear(fused), operands, x.shape.dropLast() + [outputs])
    return activation.isFusible ? y : y.activated(activation)
  }
}
