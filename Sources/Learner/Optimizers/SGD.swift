import Rollout

/// Gradient descent with optional momentum, as PyTorch computes it without dampening.
///
///     θ ← θ − η g                                  without momentum
///     b ← μ b + g     θ ← θ − η b                  with momentum μ
///     b ← μ b + g     θ ← θ − η (g + μ b)          with Nesterov momentum
///
/// Source: Sutskever et al. (2013), "On the importance of initialization and momentum in deep
/// learning", with the learning rate outside of b.
public final class SGD<Scalar: BinaryFloatingPoint & BitwiseCopyable>: ElementwiseOptimizer {
  /// η, the step size.
  public var learningRate: Scalar
  /// μ, the fraction of the previous step that is added to the next one; 0 for no momentum.
  package let momentum: Double
  /// True for Nesterov momentum.
  package let isNesterov: Bool
  /// The groups of weights that the optimizer moves.
  public let groups: [ParameterGroup]

  /// The number of weights that the optimizer was created for.
  public let weightCount: Int
  /// The number of steps taken so far.
  public var stepCount = 0
  private let velocities: FlatVector<Scalar>

  /// b as `velocity`; empty without momentum.
  public var state: [(name: String, values: FlatVector<Scalar>)] {
    momentum == 0 ? [] : [("velocity", velocities)]
  }

  /// Creates SGD for a number of weights; if `groups` is nil, all weights form one group.
  public init(
    count: Int, learningRate: Scalar, momentum: Double = 0, isNesterov: Bool = false,
    groups: [ParameterGroup]? = nil
  ) {
    weightCount = count
    self.learningRate = learningRate
    self.momentum = momentum
    self.isNesterov = isNesterov
    self.groups = .checked(groups, count: count)
    velocities = FlatVector(repeating: 0, count: momentum == 0 ? 0 : count)
  }

  /// Moves the weights of a group, or of a part of one.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func move(
    _ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>, _ part: ParameterGroup
  ) {
    let velocities = velocities
    let mu = Scalar(momentum)
    let rate = Scalar(Double(learningRate) * part.rateFactor)
    var theta = weights.mutableSpan(part.range)
    let g = gradients.span(part.range)
    guard momentum != 0 else {
      for i in theta.indices { theta[i] -= rate * g[i] }
      return
    }
    var b = velocities.mutableSpan(part.range)
    if isNesterov {
      for i in theta.indices {
        let velocity = mu * b[i] + g[i]
        b[i] = velocity
        theta[i] -= rate * (g[i] + mu * velocity)
      }
    } else {
      for i in theta.indices {
        let velocity = mu * b[i] + g[i]
        b[i] = velocity
        theta[i] -= rate * velocity
      }
    }
  }
}
