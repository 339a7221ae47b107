/// A policy as the collect loop sees it: reads states and writes actions and outputs.
///
/// An actor reads any part of a state (`stepno`, `obs`, the previous `act`, `rew`, `fin`). It
/// writes its actions and outputs straight into the fragment.
public protocol RolloutActor: AnyObject {
  /// The outputs that the actor records at each row, per environment.
  var reaction: Nested<LeafSpecification> { get }
  /// The actor's recurrent state, per environment; empty if it has none.
  var recurrentState: Nested<LeafSpecification> { get }

  /// The parts of the batch that the actor can process separately: ascending ranges that cover it.
  var parts: [Range<Int>] { get }

  /// The actor's weights; call `weightsChanged` after changing them.
  var weights: FlatVector<Float> { get }
  /// Notifies the actor that `weights` have new values.
  func weightsChanged()

  /// Zeroes the recurrent state of one environment, or of all if `environment` is nil.
  func reset(environment: Int?)

  /// Writes the recurrent state to the fragment's `hx`.
  func recordState(into fragment: FragmentView)

  /// Reacts to row t of some environments: writes `actor[t]` and, unless `virtual`, `act[t+1]`.
  ///
  /// A virtual reaction is not played. It leaves the recurrent state and the random streams
  /// unchanged. The reaction to one environment does not depend on the other environments of the
  /// call.
  ///
  /// - Precondition: the range is one of `parts`, or all environments.
  func react(to fragment: FragmentView, at t: Int, of range: Range<Int>, virtual: Bool)

  /// Writes `finalReaction[t]` for the environments of a range in which `truncated[t]` is set.
  ///
  /// The actor reacts virtually to `finalObs[t]`, the final observation of an episode that was
  /// truncated on the step from row t. The loop calls this before it resets the actor's recurrent
  /// state for those episodes. It does not call it if no episode was truncated or nothing is
  /// recorded.
  func reactToFinal(of fragment: FragmentView, at t: Int, of range: Range<Int>)

  /// Measures, saves or restores the state behind future reactions, apart from the weights.
  ///
  /// This is the random streams and the recurrent state.
  func transfer(_ snapshot: inout SnapshotCursor)
}

extension RolloutActor {
  /// Reacts to row t of all environments.
  public func react(to fragment: FragmentView, at t: Int, virtual: Bool) {
    react(to: fragment, at: t, of: 0..<fragment.layout.environmentCount, virtual: virtual)
  }

  /// Writes `finalReaction[t]` for all environments in which `truncated[t]` is set.
  public func reactToFinal(of fragment: FragmentView, at t: Int) {
    reactToFinal(of: fragment, at: t, of: 0..<fragment.layout.environmentCount)
  }
}
