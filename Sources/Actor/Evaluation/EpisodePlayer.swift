import Rollout

/// Plays whole episodes side by side, each exactly once and with random streams of its own.
///
/// It is the loop of every evaluation: in an evaluation process, and in the caller's own.
package final class EpisodePlayer {
  /// Steps after which an episode that has not ended is truncated.
  package static let stepLimit = 100_000

  /// The most episodes that are played side by side.
  package static let width = 128

  private let environment: EnvironmentChoice
  private let policy: any Policy
  private let seed: UInt64
  private let marker: OwnedPositionMarker
  /// The spaces that the policy is made for; nil until the first environments are made.
  private var made: (spaces: EnvironmentSpaces, signature: PolicySignature)?
  /// Batches that can begin anew, by how many environments they have.
  private var keptBatches: [Int: any RestartableBatch] = [:]

  /// Sets a player up; no environment is made.
  ///
  /// - Parameter marker: marked with the environment that is made, reset, stepped or closed.
  package init(
    environment: EnvironmentChoice, policy: any Policy, seed: UInt64,
    marker: OwnedPositionMarker = .unread
  ) {
    self.marker = marker
    self.environment = environment
    self.policy = policy
    self.seed = seed
  }

  /// Sets the spaces that the policy is made for, which are else those of the first environments.
  ///
  /// - Returns: the policy's parameters.
  /// - Throws: `PolicyError`.
  package func expect(_ spaces: EnvironmentSpaces) throws(PolicyError) -> ParameterLayout {
    let signature = try PolicySignature(policy, for: spaces)
    made = (spaces, signature)
    return signature.parameters
  }

  /// The parts in which episodes are played, each side by side.
  package static func parts(of episodes: Range<Int>) -> [Range<Int>] {
    stride(from: episodes.lowerBound, to: episodes.upperBound, by: width).map {
      $0..<min($0 + width, episodes.upperBound)
    }
  }

  /// A moment of the episodes: their first states, or the states after a step.
  package struct Moment {
    /// Steps played.
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

  /// Plays a part.
  ///
  /// - Parameters:
  ///   - episodes: the episodes, side by side.
  ///   - weights: what plays.
  ///   - choice: `.sample` to draw actions, `.greedy` to take the likeliest.
  ///   - isInterrupted: called before each step; true breaks off.
  ///   - watch: called with the first states and after each step.
  ///   - record: called with each episode when it has ended.
  /// - Returns: false if playing was broken off.
  /// - Throws: `EnvironmentFault` when an environment fails, `PolicyError` when the environments'
  ///   spaces are not those of the policy, what `watch` throws.
  package func play(
    _ episodes: Range<Int>, _ weights: FlatVector<Float>, choice: ActionChoice,
    isInterrupted: () -> Bool,
    watch: ((Moment) throws -> Void)? = nil, record: (Int, PlayedEpisode) -> Void
  ) throws -> Bool {
    let (environments, signature) = try makeBatch(episodes)
    guard signature.parameters.elementCount == weights.count else {
      throw PolicyError(
        """
        the policy has \(signature.parameters.elementCount) weights where \(weights.count) are \
        given: they must be of the same network
        """)
    }
    // A fragment of two steps. The first is made once, the second repeatedly: its row 2 becomes row
    // 1. There an environment whose episode is over is not stepped.
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
        if ends[t + 1, index] {
          playing[index] = false
          left -= 1
          played[index].ending = terminated[t, index] ? .terminated : .truncated
          record(episodes.lowerBound + index, played[index])
        }
      }
      try show(step: step, row: t + 1)
      if t == 1 { fragment.copyState(row: 2, to: fragment, row: 1) }
      t = 1
    }
    for index in playing.indices where playing[index] {
      record(episodes.lowerBound + index, played[index])
    }
    return true
  }

  /// Makes environments that will begin these episodes, with the signature of the policy for them.
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
        \(batch.spaces.action) where the policy is made for \(made.spaces.observation) and \
        \(made.spaces.action): evaluate with parameters that keep the spaces
        """)
    }
    keptBatches[episodes.count] = batch as? any RestartableBatch
    return (batch, made.signature)
  }
}
