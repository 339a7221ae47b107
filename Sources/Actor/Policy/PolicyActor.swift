import Rollout

/// A policy at work: reacts to one row of a fragment at a time, in a worker, in an evaluation, in the learner's own process.
///
/// Inputs are read where they lie in the fragment, and the reaction is written there; nothing is allocated.
public final class PolicyActor: RolloutActor {
  /// What is recorded at each row, per environment.
  public let reaction: Nested<LeafSpecification>
  /// What is carried from row to row, per environment.
  public let recurrentState: Nested<LeafSpecification>
  /// Which environments it can react to by themselves.
  public let parts: [Range<Int>]
  /// The weights in use.
  public let weights: FlatVector<Float>

  private let carriedState: CarriedState
  private let streams: RandomStreamBuffer
  /// One for all environments and, where there are several parts, one for each.
  private let actors: [PolicyActorPart]
  /// What reacts to the observations at which limits cut episodes; `nil` where nothing is recorded of it.
  private let finalReactor: FinalReactor?

  /// Traces a policy for fragments of a layout.
  ///
  /// - Parameters:
  ///   - policy: what to react with.
  ///   - layout: the fragments to record, made with the policy's signature.
  ///   - streams: one for each environment, to draw actions from.
  ///   - choice: whether actions are drawn or the likeliest is taken.
  ///   - parts: which environments to react to by themselves, as `EnvironmentBatch.parts` says; all together when it is nil.
  /// - Throws: `PolicyError` when the policy cannot deal with the layout's spaces.
  /// - Precondition: the parts are ascending and all environments together.
  public init(
    _ policy: any Policy, layout: FragmentLayout, streams: [PCG64], choice: ActionChoice = .sample,
    parts: [Range<Int>]? = nil
  ) throws(PolicyError) {
    let all = 0..<layout.environmentCount
    let parts = parts ?? [all]
    precondition(streams.count == all.count, "one stream for each environment")
    precondition(parts.flatMap(\.self).elementsEqual(all), "\(parts) of \(all.count) environments")
    let streams = RandomStreamBuffer(streams)
    self.streams = streams
    carriedState = CarriedState(layout.hx)
    var actors: [PolicyActorPart] = []
    for range in parts.count == 1 ? [all] : [all] + parts {
      actors.append(
        try PolicyActorPart(
          policy, layout: layout, of: range, streams: streams, choice: choice,
          carriedState: carriedState, weights: actors.first?.weights))
    }
    reaction = layout.contents.reaction
    recurrentState = policy.recurrentState
    weights = actors[0].weights
    self.parts = parts
    self.actors = actors
    finalReactor = try FinalReactor(policy, layout: layout, weights: weights)
  }

  /// Has the next reactions renew what is derived from the weights.
  public func weightsChanged() {
    for actor in actors { actor.weightsChanged() }
    finalReactor?.weightsChanged()
  }

  /// Zeroes what is carried for one environment; for all when `environment` is nil.
  public func reset(environment: Int?) { carriedState.reset(environment: environment) }

  /// Writes what is carried to the fragment's `hx`.
  public func recordState(into fragment: FragmentView) { carriedState.record(into: fragment) }

  /// Measures, saves or restores the streams and what is carried.
  public func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(UnsafeMutableRawBufferPointer(streams.streams))
    carriedState.transfer(&snapshot)
  }

  /// Reacts to the state of some environments in row t.
  public func react(to fragment: FragmentView, at t: Int, of range: Range<Int>, virtual: Bool) {
    for actor in actors where actor.range == range {
      actor.react(to: fragment, at: t, virtual: virtual)
      return
    }
    preconditionFailure("\(range) is none of the parts \(parts)")
  }

  /// Reacts to the observations at which limits cut some environments' episodes on the step from row t.
  public func reactToFinal(of fragment: FragmentView, at t: Int, of range: Range<Int>) {
    finalReactor?.react(to: fragment, at: t, of: range, remembering: carriedState)
  }
}
