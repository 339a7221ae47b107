/// What reacts to states: the contract between the collect loop and any policy.
///
/// An actor reads of a state what it likes (`stepno`, `obs`, the last `act`, `rew`, `fin`) and writes its action and what it
/// has to say straight into the fragment.
public protocol RolloutActor: AnyObject {
  /// What the actor records at each row, per environment.
  var reaction: Nested<LeafSpecification> { get }
  /// The recurrent state that the actor carries, per environment; empty when it has none.
  var recurrentState: Nested<LeafSpecification> { get }

  /// Which environments the actor can also react to by themselves: ascending ranges that are all of them together.
  var parts: [Range<Int>] { get }

  /// The weights that the actor reacts with; whoever changes them calls `weightsChanged`.
  var weights: FlatVector<Float> { get }
  /// Tells that `weights` have new values.
  func weightsChanged()

  /// Zeroes the recurrent state of one environment; of all when `environment` is nil.
  func reset(environment: Int?)

  /// Writes the recurrent state to the fragment's `hx`.
  func recordState(into fragment: FragmentView)

  /// Reacts to the state of some environments in row t: writes `actor[t]` and, unless `virtual`, the action into `act[t+1]`.
  ///
  /// A virtual reaction is not played: it leaves the recurrent state and the random streams as they were. An environment's
  /// reaction does not depend on which others are reacted to with it.
  ///
  /// - Precondition: the range is one of `parts`, or all environments.
  func react(to fragment: FragmentView, at t: Int, of range: Range<Int>, virtual: Bool)

  /// Reacts virtually to the observations at which limits cut episodes on the step from row t: writes `final[t]` where
  /// `truncated[t]` is set, of the environments of a range.
  ///
  /// Called before the actor is told to forget those episodes, and not at all where nothing was cut or nothing is recorded.
  func reactToFinal(of fragment: FragmentView, at t: Int, of range: Range<Int>)

  /// Measures, saves or restores all that the next reactions depend on besides the weights: random streams and the
  /// recurrent state.
  func transfer(_ snapshot: inout SnapshotCursor)
}

extension RolloutActor {
  /// Reacts to the state of all environments in row t.
  public func react(to fragment: FragmentView, at t: Int, virtual: Bool) {
    react(to: fragment, at: t, of: 0..<fragment.layout.environmentCount, virtual: virtual)
  }

  /// Reacts virtually to the observations at which limits cut any episodes on the step from row t.
  public func reactToFinal(of fragment: FragmentView, at t: Int) {
    reactToFinal(of: fragment, at: t, of: 0..<fragment.layout.environmentCount)
  }
}
