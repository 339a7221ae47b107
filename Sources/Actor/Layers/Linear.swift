import Rollout

extension Graph {
  /// PyTorch's `Linear`: x Wᵀ + b on the last axis.
  ///
  /// Parameters `<name>.weight` [outputs, inputs] and `<name>.bias` [outputs], both drawn from U(±1/√inputs)
  /// unless `weights` says how to draw the weight: then the bias begins at zero.
  /// A fusible activation that follows becomes part of the same pass.
  public func linear(
    _ x: Tensor, outputs: Int, name: String, bias: Bool = true,
    activation: Activation = .identity, weights: Initialisation? = nil
  ) -> Tensor {
    let inputs = x.lastAxis
    let bound = Initialisation.uniform(1 / Double(max(inputs, 1)).squareRoot())
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
