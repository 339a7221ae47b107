import Rollout

/// RMSProp with optional momentum, as PyTorch computes it with `centered=False`.
///
///     v ← α v + (1 − α) g²
///     θ ← θ − η g / (√v + ε)                             without momentum
///     b ← μ b + g / (√v + ε)     θ ← θ − η b             with momentum μ
///
/// Source: Tieleman and Hinton (2012), "Neural networks for machine learning", lecture 6.5; ε is
/// outside of the square root, as in PyTorch.
public final class RMSProp<Scalar: BinaryFloatingPoint & BitwiseCopyable>: ElementwiseOptimizer {
  /// η, the step size.
  public var learningRate: Scalar
  /// α, the decay rate of the mean of squared gradients.
  package let smoothing: Double
  /// ε, which keeps the quotient finite.
  package let epsilon: Double
  /// μ, the fraction of the previous step that is added to the next one; 0 for no momentum.
  package let momentum: Double
  /// The groups of weights that the optimizer moves.
  public let groups: [ParameterGroup]

  /// The number of weights that the optimizer was created for.
  public var weightCount: Int { squares.count }
  /// The number of steps taken so far.
  public var stepCount = 0
  private let squares: FlatVector<Scalar>
  private let velocities: FlatVector<Scalar>

  /// v as `mean_square`, and b as `velocity` if there is momentum.
  public var state: [(name: String, values: FlatVector<Scalar>)] {
    [("mean_square", squares)] + (momentum == 0 ? [] : [("velocity", velocities)])
  }

  /// Creates RMSProp for a number of weights; if `groups` is nil, all weights form one group.
  public init(
    count: Int, learningRate: Scalar, smoothing: Double = 0.99, epsilon: Double = 1e-8,
    momentum: Double = 0, groups: [ParameterGroup]? = nil
  ) {
    self.learningRate = learningRate
    self.smoothing = smoothing
    self.epsilon = epsilon
    self.momentum = momentum
    self.groups = .checked(groups, count: count)
    squares = FlatVector(repeating: 0, count: count)
    velocities = FlatVector(repeating: 0, count: momentum == 0 ? 0 : count)
  }

  /// Moves the weights of a group, or of a part of one.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func move(
    _ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>, _ part: ParameterGroup
  ) {
    let (squares, velocities) = (squares, velocities)
    let (alpha, rest) = (Scalar(smoothing), Scalar(1 - smoothing))
    let (epsilon, mu) = (Scalar(epsilon), Scalar(momentum))
    let rate = Scalar(Double(learningRate) * part.rateFactor)
    var theta = weights.mutableSpan(part.range)
    var v = squares.mutableSpan(part.range)
    let g = gradients.span(part.range)
    if momentum == 0 {
      for i in theta.indices {
        let square = alpha * v[i] + rest * (g[i] * g[i])
        v[i] = square
        theta[i] -= rate * (g[i] / (square.squareRoot() + epsilon))
      }
    } else {
      var b = velocities.mutableSpan(part.range)
      for i in theta.indices {
        let square = alpha * v[i] + rest * (g[i] * g[i])
        let velocity = mu * b[i] + g[i] / (square.squareRoot() + epsilon)
        v[i] = square
        b[i] = velocity
        theta[i] -= rate * velocity
      }
    }
  }
}
