import Rollout

/// Turns a gradient into a step of the weights.
///
/// What it remembers between steps is all in `state` and `stepCount`: a copy that is given both goes on to the same bits.
public protocol Optimiser<Scalar>: AnyObject {
  /// The numbers that weights are made of.
  associatedtype Scalar: BinaryFloatingPoint & BitwiseCopyable

  /// The step size; may be changed between steps.
  var learningRate: Scalar { get set }

  /// Which weights it moves; all others stay bit for bit as they are.
  var groups: [ParameterGroup] { get }

  /// Steps made so far.
  var stepCount: Int { get set }

  /// What it remembers from step to step, by name: vectors of its own, one number for each weight.
  ///
  /// Reading them saves the state, assigning to them restores it. Empty when nothing is remembered.
  var state: [(name: String, values: FlatVector<Scalar>)] { get }

  /// Moves the weights against the gradient.
  ///
  /// - Precondition: both have as many numbers as the optimiser was made for.
  func step(_ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>)
}
