import Rollout

/// Adam with bias correction, as PyTorch computes it.
///
///     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
///     θ ← θ − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// Source: Kingma and Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.
public final class Adam<Scalar: BinaryFloatingPoint & BitwiseCopyable>: Optimiser {
  /// η.
  public var learningRate: Scalar
  /// β₁, how slowly the mean of gradients moves.
  public let beta1: Double
  /// β₂, how slowly the mean of squared gradients moves.
  public let beta2: Double
  /// ε, which keeps the quotient finite.
  public let epsilon: Double

  /// t, the steps made so far.
  public private(set) var stepCount = 0
  private let means: FlatVector<Scalar>
  private let squares: FlatVector<Scalar>

  /// Adam for a number of weights.
  public init(
    count: Int, learningRate: Scalar, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    means = FlatVector(repeating: 0, count: count)
    squares = FlatVector(repeating: 0, count: count)
  }

  /// Moves the weights against the gradient.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(_ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>) {
    precondition(
      weights.count == means.count && gradients.count == means.count,
      "an optimiser for \(means.count) weights")
    stepCount += 1
    let corrections = (
      1 - power(beta1, stepCount), (1 - power(beta2, stepCount)).squareRoot()
    )
    let size = Scalar(Double(learningRate) / corrections.0)
    let root = Scalar(corrections.1)
    let (beta1, beta2) = (Scalar(beta1), Scalar(beta2))
    let (rest1, rest2) = (Scalar(1 - self.beta1), Scalar(1 - self.beta2))
    let epsilon = Scalar(epsilon)
    let (theta, g, m, v) = (weights.base, gradients.base, means.base, squares.base)
    for i in 0..<means.count {
      m[i] = beta1 * m[i] + rest1 * g[i]
      v[i] = beta2 * v[i] + rest2 * (g[i] * g[i])
      theta[i] -= size * m[i] / (v[i].squareRoot() / root + epsilon)
    }
  }

  /// base to a whole power, by repeated squaring.
  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
