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

/// An optimizer that moves each weight by its own gradient and state alone.
///
/// The parts of its step can be taken in any order, so the threads of a `PolicyUpdate` share them.
public protocol ElementwiseOptimizer<Scalar>: Optimizer {
  /// The number of weights that the optimizer was created for.
  var weightCount: Int { get }

  /// Moves the weights of a group, or of a part of one.
  ///
  /// Each step adds 1 to `stepCount` and then moves every weight of ``Optimizer/groups`` once.
  /// Calls for parts without a common weight may run at the same time.
  func move(
    _ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>, _ part: ParameterGroup)
}

extension ElementwiseOptimizer {
  /// Moves the weights of all groups against the gradient.
  public func step(_ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>) {
    precondition(
      weights.count == weightCount && gradients.count == weightCount,
      "an optimizer for \(weightCount) weights")
    stepCount += 1
    for group in groups { move(weights, gradients, group) }
  }
}
