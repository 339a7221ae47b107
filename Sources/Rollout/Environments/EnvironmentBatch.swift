/// Several environments of one kind that step together and write directly into a fragment.
///
/// The engine reaches environments through this protocol, with one dynamic call per batch step.
/// `NativeEnvironmentBatch` makes a batch of any `Environment`. A custom environment that can step
/// many copies at once may conform itself. The registry wraps such a batch: it receives Box actions
/// within their bounds, and an `action_mask` that allows no action is a fault. Everything else that
/// a batch may be able to do is a refinement of this protocol; see `capability(_:)`.
public protocol EnvironmentBatch: AnyObject {
  /// B, the number of environments.
  var count: Int { get }
  /// The observation and action spaces.
  var spaces: EnvironmentSpaces { get }

  /// Begins an episode in every environment and writes the state of one row.
  ///
  /// The row contains the first observations, step number 0, action 0, reward 0 and `fin` set.
  ///
  /// - Throws: as `step` does.
  func reset(into fragment: FragmentView, row: Int) throws

  /// Plays the actions in row t+1, and writes the rest of that row and the step's results in row t.
  ///
  /// The actions in row t+1 keep their drawn values, even if the played values are clipped to a
  /// Box's bounds. A batch does not change them. A caller that clips them in place restores the
  /// drawn values after the step.
  ///
  /// An environment is reset as soon as its episode ends: the final observation is written to
  /// `finalObs[t]`, and the first observation of the next episode to `obs[t+1]`. If `sticky` is
  /// true, an environment with `fin` set in row t > 0 does not step and its state is repeated.
  ///
  /// If `spaces` has information, that of the step is written to `info[t]`, also at the end of an
  /// episode. It is not written for an environment that does not step.
  ///
  /// - Throws: `EnvironmentFault` with the environment that failed, or whose `action_mask` allows
  ///   no action.
  func step(_ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker) throws
}

extension EnvironmentBatch {
  /// Ends the program if a fragment's size or spaces differ from those of the batch.
  func checkFits(_ layout: FragmentLayout) {
    precondition(
      layout.environmentCount == count,
      "a fragment of \(layout.environmentCount) environments for a batch of \(count)")
    precondition(
      layout.contents.spaces == spaces
        && layout.contents.spaces.information == spaces.information,
      "a fragment of \(layout.contents.spaces) for environments of \(spaces)")
  }

  /// Ends the program if a fragment does not have a row.
  func checkRow(_ row: Int, of layout: FragmentLayout) {
    precondition(
      row >= 0 && row <= layout.stepCount,
      "row \(row) of a fragment of \(layout.stepCount) steps")
  }

  /// Ends the program if a fragment does not have a step.
  func checkStep(_ t: Int, of layout: FragmentLayout) {
    precondition(
      t >= 0 && t < layout.stepCount, "step \(t) of a fragment of \(layout.stepCount) steps")
  }
}

/// An error of an environment that cannot continue.
public struct EnvironmentFault: Error, CustomStringConvertible {
  /// The environment's index in the batch.
  package var environment: Int
  /// The number of steps that its episode had before the error.
  package var step: Int
  /// The environment's error.
  package var cause: any Error

  /// Creates a fault.
  @usableFromInline
  package init(environment: Int, step: Int, cause: any Error) {
    self.environment = environment
    self.step = step
    self.cause = cause
  }

  /// One sentence with the environment's error.
  public var description: String {
    "environment \(environment) failed at step \(step) of its episode: \(cause)"
  }
}

/// The layout that a batch has checked last.
///
/// A layout is checked in full once, and later recognized by identity.
///
/// A class, because a change of a structure within another class is guarded at run time.
final class CheckedLayout {
  private var layout: FragmentLayout?

  /// Checks the layout of a fragment that a batch writes.
  ///
  /// - Precondition: it has the batch's size and spaces.
  func check(_ layout: FragmentLayout, of batch: some EnvironmentBatch) {
    if layout === self.layout { return }
    batch.checkFits(layout)
    self.layout = layout
  }
}
