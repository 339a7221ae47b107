import Rollout

/// Turns a gradient into a step of the weights.
public protocol Optimiser<Scalar>: AnyObject {
  /// The numbers that weights are made of.
  associatedtype Scalar: BinaryFloatingPoint & BitwiseCopyable

  /// The step size; may be changed between steps.
  var learningRate: Scalar { get set }

  /// Moves the weights against the gradient.
  ///
  /// - Precondition: both have as many numbers as the optimiser was made for.
  func step(_ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>)
}
