import Rollout

/// An algorithm that turns a gradient into a step of the weights.
///
/// The complete state between steps is `state` and `stepCount`. A copy that receives both continues
/// with bitwise equal results.
public protocol Optimizer<Scalar>: AnyObject {
  /// The number type of the weights.
  associatedtype Scalar: BinaryFloatingPoint & BitwiseCopyable

  /// The step size; may be changed between steps.
  var learningRate: Scalar { get set }

  /// The groups of weights that the optimizer moves; all other weights stay bitwise unchanged.
  var groups: [ParameterGroup] { get }

  /// The number of steps taken so far.
  var stepCount: Int { get set }

  /// The vectors that the optimizer keeps between steps, by name; one number for each weight.
  ///
  /// Read the vectors to save the state and assign to them to restore it. The array is empty if the
  /// optimizer keeps none.
  var state: [(name: String, values: FlatVector<Scalar>)] { get }

  /// Moves the weights against the gradient.
  ///
  /// - Precondition: both vectors have the number of weights that the optimizer was created for.
  func step(_ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>)
}
