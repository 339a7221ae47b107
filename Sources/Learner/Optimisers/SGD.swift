import Rollout

/// Plain gradient descent: θ ← θ − η g.
public final class SGD<Scalar: BinaryFloatingPoint & BitwiseCopyable>: Optimiser {
  /// η.
  public var learningRate: Scalar

  /// Descent with that step size.
  public init(learningRate: Scalar) { self.learningRate = learningRate }

  /// Moves the weights against the gradient.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(_ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>) {
    precondition(weights.count == gradients.count, "a gradient of another network")
    let theta = weights.base
    let g = gradients.base
    for i in 0..<weights.count { theta[i] -= learningRate * g[i] }
  }
}
