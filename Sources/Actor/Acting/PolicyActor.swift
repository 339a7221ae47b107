import Rollout

/// An executable policy that reacts to one row of a fragment at a time.
///
/// Workers, evaluations and the learner's own process use it. Inputs are read in place from the
/// fragment, and outputs are written there. Nothing is allocated.
public final class PolicyActor: RolloutActor {
  /// The outputs recorded at each row, per environment.
  public let reaction: Nested<LeafSpecification>
  /// The recurrent state per environment.
  public let recurrentState: Nested<LeafSpecification>
  /// The ranges of environments that it can react to separately.
  public let parts: [Range<Int>]
  /// The weights in use.
  public let weights: FlatVector<Float>

  let carriedState: CarriedState
  private let streams: RandomStreamBuffer
  /// The actors for all environments and, with several parts, for each part.
  private let actors: [PolicyActorPart]
  /// The actor for final observations of truncated episodes; `nil` if no outputs are recorded.
  private let finalReactor: FinalReactor?

  /// Traces a policy for fragments of a layout.
  ///
  /// - Parameters:
  ///   - policy: the policy to execute.
  ///   - layout: the fragments to record, made with the policy's signature.
  ///   - weights: the vector of weights to share; call `weightsChanged` after changing it. `nil` to
  ///     create a vector of zeros.
  ///   - streams: one random stream for each environment, to draw actions from.
  ///   - choice: random actions or the most likely ones.
  ///   - parts: the ranges of environments to react to separately, from `EnvironmentBatch.parts`;
  ///     `nil` for all environments together.
  /// - Throws: `PolicyError` when the policy does not support the layout's spaces.
  /// - Precondition: the parts are ascending and cover all environments.
  public init(
    _ policy: any Policy, layout: FragmentLayout, weights: FlatVector<Float>? = nil,
    streams: [PCG64], choice: ActionChoice = .sample, parts: [Range<Int>]? = nil
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
          carriedState: carriedState, weights: actors.first?.weights ?? weights))
    }
    reaction = layout.contents.reaction
    recurrentState = policy.recurrentState
    self.weights = actors[0].weights
    self.parts = parts
    self.actors = actors
    finalReactor = try FinalReactor(policy, layout: layout, weights: self.weights)
  }

  /// Marks everything derived from the weights as out of date.
  public func weightsChanged() {
    for actor in actors { actor.weightsChanged() }
    finalReactor?.weightsChanged()
  }

  /// Zeroes the recurrent state of one environment, or of all if `environment` is nil.
  public func reset(environment: Int?) { carriedState.reset(environment: environment) }

  /// Writes the recurrent state to the fragment's `hx`.
  public func recordState(into fragment: FragmentView) { carriedState.record(into: fragment) }

  /// Measures, saves or restores the random streams and the recurrent state.
  public func transfer(_ snapshot: inout SnapshotCursor) {
    streams.transfer(&snapshot)
    carriedState.transfer(&snapshot)
  }

  /// Reacts to row t of a range of environments.
  public func react(to fragment: FragmentView, at t: Int, of range: Range<Int>, virtual: Bool) {
    for actor in actors where actor.range == range {
      actor.react(to: fragment, at: t, virtual: virtual)
      return
    }
    preconditionFailure("\(range) is none of the parts \(parts)")
  }

  /// Reacts to the final observations of episodes truncated by the step from row t.
  public func reactToFinal(of fragment: FragmentView, at t: Int, of range: Range<Int>) {
    finalReactor?.react(to: fragment, at: t, of: range, remembering: carriedState)
  }
}
