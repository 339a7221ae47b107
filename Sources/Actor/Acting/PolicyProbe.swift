import Glibc
import Rollout

/// A policy that answers for single observations, outside of any environment.
///
/// ```swift
/// let spaces = setup.layout.contents.spaces
/// let probe = try PolicyProbe(policy, weights: setup.weights, for: spaces)
/// let answer = try probe.act(on: [0.01, 0, -0.02, 0])
/// print(answer.choice ?? 0, answer.probabilities ?? [], answer.value ?? 0)
/// ```
///
/// The weights are copied: make another probe after an update.
public final class PolicyProbe {
  /// The spaces of observations and actions.
  package let spaces: EnvironmentSpaces
  private let fragment: FragmentView
  private let actor: PolicyActor
  /// True if the recorded logits are log-probabilities.
  private let hasProbabilities: Bool

  /// Traces a policy for one environment.
  ///
  /// - Parameters:
  ///   - policy: the policy.
  ///   - weights: its weights, which are copied.
  ///   - spaces: the spaces of the environment with its wrappers.
  /// - Throws: `PolicyError` if the policy does not support the spaces, or if the number of weights
  ///   is another one.
  public init(
    _ policy: any Policy, weights: FlatVector<Float>, for spaces: EnvironmentSpaces
  ) throws(PolicyError) {
    let signature = try PolicySignature(policy, for: spaces)
    try signature.check(weightCount: weights.count)
    var contents = signature.contents(spaces)
    contents.finalReaction = .empty
    let layout = FragmentLayout(stepCount: 1, environmentCount: 1, contents: contents)
    self.spaces = spaces
    fragment = FragmentStorage(layout).view
    actor = try PolicyActor(
      policy, layout: layout, streams: [PCG64(seed: 0)], choice: .greedy)
    actor.weights.assign(weights.elements)
    actor.weightsChanged()
    let distribution = try policy.distribution(for: spaces.action)
    hasProbabilities =
      distribution is Categorical || distribution is MultiCategorical || distribution is Bernoulli
  }

  /// Reacts to an observation given as numbers in the structure of the observation space.
  ///
  /// - Parameters:
  ///   - observation: the elements of each leaf, row-major.
  ///   - step: the step before; nil for the first observation of a run.
  /// - Throws: `SpaceMismatch` if the observation or the action of the step does not fit its space;
  ///   `PolicyError` if the recurrent state has another size or an output is not a number.
  public func act(
    on observation: Nested<[Double]>, after step: PrecedingStep? = nil
  ) throws -> PolicyAnswer {
    try spaces.observation.store(
      observation, in: LeafRow(fragment, fragment.layout.obsPlaces, row: 0, environment: 0),
      as: "the observation")
    return try answer(after: step)
  }

  /// Reacts to the observation of a single Box, given as its elements, row-major.
  ///
  /// - Throws: the errors of `act` with numbers in a structure.
  public func act<Number: RecordableScalar & BinaryFloatingPoint>(
    on observation: [Number], after step: PrecedingStep? = nil
  ) throws -> PolicyAnswer {
    try act(on: .leaf(observation.map { Double($0) }), after: step)
  }

  /// Reacts to an observation given as an environment's own type, such as `Int`.
  ///
  /// - Throws: the errors of `act` with numbers in a structure.
  /// - Precondition: arrays in the observation have as many elements as their leaves.
  public func act(
    on observation: some Recordable, after step: PrecedingStep? = nil
  ) throws -> PolicyAnswer {
    try spaces.observation.check(type(of: observation), of: "the observation")
    let leaves = LeafRow(fragment, fragment.layout.obsPlaces, row: 0, environment: 0)
    observation.store(in: leaves)
    // Choices beyond their range would be read beyond a table.
    return try act(on: spaces.observation.numbers(in: leaves), after: step)
  }

  /// Reacts to the observation in row 0.
  private func answer(after step: PrecedingStep?) throws -> PolicyAnswer {
    let step = step ?? PrecedingStep()
    let layout = fragment.layout
    let action = LeafRow(fragment, layout.actPlaces, row: 0, environment: 0)
    try spaces.action.store(
      step.action ?? spaces.action.leaves.map { Array(repeating: 0, count: $0.elementCount) },
      in: action, as: "the action before")
    fragment.stepno[0, 0] = Int32(clamping: step.stepno)
    fragment.rew[0, 0] = step.reward
    fragment.fin[0, 0] = step.stepno == 0
    let state = actor.carriedState.values
    guard step.state.isEmpty || step.state.count == state.count else {
      throw PolicyError(
        "the recurrent state has \(step.state.count) numbers, but the policy has \(state.count)")
    }
    state.assign(
      step.state.isEmpty ? Array(repeating: 0, count: state.count) : step.state)
    actor.react(to: fragment, at: 0, virtual: false)
    var outputs: [(name: String, values: [Float])] = []
    for (name, column) in zip(layout.actor.paths(), layout.actor.leaves) {
      let view: ColumnView<Float> = fragment.column(column)
      let values = view[rows: 0..<1].elements
      if values.contains(where: \.isNaN) {
        throw PolicyError(
          "the policy's output '\(name)' is NaN: use finite weights, and an "
            + "\(EnvironmentSpaces.actionMaskName) that allows an action")
      }
      outputs.append((name, values))
    }
    return PolicyAnswer(
      action: spaces.action.numbers(
        in: LeafRow(fragment, layout.actPlaces, row: 1, environment: 0)),
      outputs: outputs,
      probabilities: hasProbabilities ? outputs[0].values.map { exp(Double($0)) } : nil,
      state: state.elements, actionSpace: spaces.action)
  }
}

/// The reaction of a policy to one observation.
public struct PolicyAnswer: Sendable {
  /// The most likely action as numbers, in the structure of the action space.
  ///
  /// The action of a Box is unscaled, as the policy chose it.
  public let action: Nested<[Double]>
  /// The policy's recorded outputs by name, row-major: `logits`, and for example `value`.
  public let outputs: [(name: String, values: [Float])]
  /// The probability of each action of a Discrete space; nil for a Box or a composite space.
  ///
  /// For a MultiDiscrete space the probabilities of one choice follow those of the other. A
  /// MultiBinary space has two for each choice, no before yes.
  public let probabilities: [Double]?
  /// The recurrent state after the observation, leaf by leaf; empty without memory.
  public let state: [Float]
  let actionSpace: Space

  /// The number of the action in a Discrete space; nil for another space.
  public var choice: Int? {
    guard case .discrete = actionSpace else { return nil }
    return action.value.map { Int($0[0]) }
  }

  /// The numbers that the policy draws actions from, log π(a | s) for each action a if discrete.
  public var logits: [Float] { outputs[0].values }

  /// The estimate of the state's value; nil if the policy has none.
  public var value: Float? { output("value")?.first }

  /// Returns an output by name; nil if the policy has none with this name.
  public func output(_ name: String) -> [Float]? { outputs.first { $0.name == name }?.values }
}

/// The step before an observation, for policies that read more than the observation.
///
/// By default there is none: the observation is the first of a run.
public struct PrecedingStep: Sendable {
  /// The number of steps since the episode began, with this one; 0 for an episode's start.
  ///
  /// At 0 the recurrent state counts as zero.
  package var stepno: Int
  /// The action as numbers; nil for zeros.
  package var action: Nested<[Double]>?
  /// The reward.
  package var reward: Float
  /// The recurrent state, from ``PolicyAnswer/state``; empty for zeros.
  package var state: [Float]

  /// Creates a step.
  public init(
    stepno: Int = 0, action: Nested<[Double]>? = nil, reward: Float = 0, state: [Float] = []
  ) {
    self.stepno = stepno
    self.action = action
    self.reward = reward
    self.state = state
  }
}
