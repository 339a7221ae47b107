import Rollout

/// A player of whole episodes side by side, each exactly once and with separate random streams.
///
/// It is the loop of every evaluation, in an evaluation process or in the caller's process.
package final class EpisodePlayer {
  /// The maximum number of steps; an episode that has not ended by then counts as `unfinished`.
  package static let stepLimit = 100_000

  /// The maximum number of episodes played side by side.
  package static let width = 128

  private let environment: EnvironmentConfiguration
  private let policy: any Policy
  private let seed: UInt64
  private let marker: OwnedPositionMarker
  /// The spaces for which the policy is traced; nil until the first environments are made.
  private var made: (spaces: EnvironmentSpaces, signature: PolicySignature)?
  /// Batches that can restart with other random streams, by their number of environments.
  private var keptBatches: [Int: any RestartableBatch] = [:]

  /// Creates a player without making environments.
  ///
  /// - Parameter marker: marks the environment that is made, reset, stepped or closed.
  package init(
    environment: EnvironmentConfiguration, policy: any Policy, seed: UInt64,
    marker: OwnedPositionMarker = .unread
  ) {
    self.marker = marker
    self.environment = environment
    self.policy = policy
    self.seed = seed
  }

  /// Sets the spaces for which the policy is traced.
  ///
  /// By default they are those of the first environments.
  ///
  /// - Returns: the policy's parameters.
  /// - Throws: `PolicyError`.
  package func expect(_ spaces: EnvironmentSpaces) throws(PolicyError) -> ParameterLayout {
    let signature = try PolicySignature(policy, for: spaces)
    made = (spaces, signature)
    return signature.parameters
  }

  /// Divides episodes into parts that are played side by side.
  package static func parts(of episodes: Range<Int>) -> [Range<Int>] {
    stride(from: episodes.lowerBound, to: episodes.upperBound, by: width).map {
      $0..<min($0 + width, episodes.upperBound)
    }
  }

  /// The episodes at one time: their first states, or the states after a step.
  package struct Moment {
    /// The number of steps played.
    package let step: Int
    /// The row of the fragment that holds the states.
    package let row: Int
    package let fragment: FragmentView
    package let environments: any EnvironmentBatch
    /// The sum of the first episode's rewards so far.
    package let episodeReturn: Double
    /// True if all episodes are over.
    package let isOver: Bool
  }

  /// Plays one part.
  ///
  /// - Parameters:
  ///   - episodes: the episodes, side by side.
  ///   - weights: the weights of the policy.
  ///   - choice: `.sample` to sample actions, `.greedy` to take the most likely one.
  ///   - isInterrupted: called before each step; true stops playing.
  ///   - watch: called with the first states and after each step.
  ///   - record: called with each episode after its end, or after the step limit.
  /// - Returns: false if playing was interrupted.
  /// - Throws: `EnvironmentFault` if an environment fails, `PolicyError` if the environments'
  ///   spaces or the number of weights do not fit the policy, an error of making the environments
  ///   or of `watch`.
  package func play(
    _ episodes: Range<Int>, _ weights: FlatVector<Float>, choice: ActionChoice,
    isInterrupted: () -> Bool,
    watch: ((Moment) throws -> Void)? = nil, record: (Int, PlayedEpisode) -> Void
  ) throws -> Bool {
    let (environments, signature) = try makeBatch(episodes)
    try signature.check(weightCount: weights.count)
    // A fragment of two steps. The first step is played once, the second one repeatedly: after it,
    // row 2 is copied to row 1. In row 1, an environment with an ended episode is not stepped.
    var contents = signature.contents(environments.spaces)
    // Outputs for final observations are not needed.
    contents.finalReaction = .empty
    let storage = FragmentStorage(
      FragmentLayout(stepCount: 2, environmentCount: episodes.count, contents: contents))
    let actor = try PolicyActor(
      policy, layout: storage.layout,
      streams: episodes.map { RandomStreams.evaluationAction(seed: seed, environment: $0) },
      choice: choice)
    actor.weights.assign(weights.elements)
    actor.weightsChanged()
    var played = Array(
      repeating: PlayedEpisode(episodeReturn: 0, length: 0, ending: .unfinished),
      count: episodes.count)
    var information = EpisodeInformation(
      of: storage.layout, environmentCount: episodes.count)
    var playing = Array(repeating: true, count: episodes.count)
    var left = episodes.count
    let fragment = storage.view
    func show(step: Int, row: Int) throws {
      try watch?(
        Moment(
          step: step, row: row, fragment: fragment, environments: environments,
          episodeReturn: played[0].episodeReturn, isOver: left == 0))
    }
    try environments.reset(into: fragment, row: 0)
    var t = 0
    try show(step: 0, row: 0)
    for step in 1...Self.stepLimit where left > 0 {
      if isInterrupted() { return false }
      actor.react(to: fragment, at: t, virtual: false)
      try environments.step(fragment, from: t, sticky: true, position: marker.position)
      let (rewards, ends, terminated) = (fragment.rew, fragment.fin, fragment.terminated)
      for index in playing.indices where playing[index] {
        played[index].episodeReturn += Double(rewards[t + 1, index])
        played[index].length += 1
        information.add(fragment, at: t, of: index, to: index)
        if ends[t + 1, index] {
          playing[index] = false
          left -= 1
          played[index].ending = terminated[t, index] ? .terminated : .truncated
          played[index].information = Array(information[index])
          record(episodes.lowerBound + index, played[index])
        }
      }
      try show(step: step, row: t + 1)
      if t == 1 { fragment.copyState(row: 2, to: fragment, row: 1) }
      t = 1
    }
    for index in playing.indices where playing[index] {
      played[index].information = Array(information[index])
      record(episodes.lowerBound + index, played[index])
    }
    return true
  }

  /// Returns environments that will begin these episodes, and the policy's signature for them.
  private func makeBatch(
    _ episodes: Range<Int>
  ) throws -> (any EnvironmentBatch, PolicySignature) {
    let streams = episodes.map { RandomStreams.evaluation(seed: seed, environment: $0) }
    if let made, let batch = keptBatches[episodes.count] {
      batch.restart(streams: streams)
      return (batch, made.signature)
    }
    let batch = try environment.makeBatch(streams: streams, marking: marker)
    let made = try made ?? (batch.spaces, PolicySignature(policy, for: batch.spaces))
    self.made = made
    guard batch.spaces == made.spaces else {
      throw PolicyError(
        """
        \(environment) has observations \(batch.spaces.observation) and actions \
        \(batch.spaces.action), but the policy was made for \(made.spaces.observation) and \
        \(made.spaces.action): evaluate with parameters that keep the spaces
        """)
    }
    keptBatches[episodes.count] = batch.capability((any RestartableBatch).self)
    return (batch, made.signature)
  }
}
