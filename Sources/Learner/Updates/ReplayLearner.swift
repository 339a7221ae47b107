import Actor
import Rollout

/// A learner with a replay buffer and target networks: DQN, SAC and TD3.
///
/// Each batch goes into the replay buffer, unless it has a reward, an observation or a recurrent
/// state that is not finite. It is followed by updates from environments sampled from the buffer.
/// At a fixed interval of updates, an actor with a loss of its own learns from the same sample, and
/// the target networks move towards the trained ones, or become equal to them.
package final class ReplayLearner: BatchLearner {
  /// The settings of replay.
  package struct Settings: Sendable, Equatable {
    /// The capacity of the replay buffer, in environment steps.
    package var replaySteps = 50_000
    /// The number of environment steps before the first update.
    package var firstUpdate = 1_000
    /// The number of environments in a sample, each over all rows of a batch.
    package var sampleEnvironments = 16
    /// The number of updates after each batch; a fraction is made up for in later batches.
    package var updatesPerBatch = 1.0
    /// The number of updates between those of the target networks, and of an actor.
    package var targetInterval = 100
    /// τ, the fraction of its distance to the trained network that the target network moves.
    ///
    ///     θ⁻ ← θ⁻ + τ (θ − θ⁻)
    ///
    /// Source: Lillicrap et al. (2016), "Continuous control with deep reinforcement learning",
    /// algorithm 1. With 1, the target network becomes equal to the trained one.
    package var targetRate = 1.0
    /// α, the exponent of priorities in drawing samples; 0 to draw them uniformly.
    package var priorityExponent = 0.0
    /// β, the exponent of importance weights, which correct for priorities.
    package var correction: Schedule = 1
    /// The environment steps that ``correction`` covers if it has no number of its own.
    package var totalSteps = 1
    /// The number of stacked frames of which the replay buffer stores each once; nil for none.
    package var sharedStackDepth: Int?
    /// The number of environments whose fragments follow each other; for shared frames.
    package var environmentCount = 1

    /// Creates settings suited to CartPole.
    package init() {}
  }

  /// The number of environment steps received so far.
  package private(set) var stepCount = 0
  /// The number of optimizer steps so far.
  package var updateCount: Int { update.updateCount }
  /// The number of skipped updates, plus that of batches kept out of the replay buffer.
  package var skippedCount: Int { update.skippedCount + (actorUpdate?.skippedCount ?? 0) }
  /// The loss of the last update.
  package var lastLoss: Float { update.lastLoss }

  private let settings: Settings
  private let replay: ReplayBuffer
  private let columns: EnvironmentColumns
  private let sample: FragmentStorage
  /// The importance weights of the sample, [T, B] row by row.
  private var importance: [Float]
  private let update: PolicyUpdate
  /// The update of an actor with a loss of its own; nil if there is none.
  private let actorUpdate: PolicyUpdate?
  private let weights: FlatVector<Float>
  /// The slices of the target network, and those of the trained parameters that they follow.
  private let copies: [(target: Range<Int>, source: Range<Int>)]
  private var random: PCG64
  private var updatesSinceTarget = 0
  /// The value of `stepCount` when the replay buffer was last empty.
  ///
  /// It is 0, or the step of resuming a run whose state did not include the replay buffer.
  private var firstStep = 0

  /// Creates a learner with an empty replay buffer.
  ///
  /// - Parameters:
  ///   - settings: the settings of replay.
  ///   - batchLayout: the layout of the batches, [T, n·B].
  ///   - parameters: the policy's parameters, including its buffers.
  ///   - weights: the weights, which are trained in place.
  ///   - random: the random stream that draws samples, and the noise of losses.
  ///   - threads: the threads that share the copying of samples; nil for the caller's alone.
  ///   - makeUpdate: creates the update for the layout of a sample.
  ///   - makeActorUpdate: creates the update of an actor with a loss of its own; nil for none.
  /// - Throws: the errors of `makeUpdate` and `makeActorUpdate`.
  package init(
    _ settings: Settings, batchLayout: FragmentLayout, parameters: ParameterLayout,
    weights: FlatVector<Float>, random: PCG64, threads: ThreadPool? = nil,
    makeUpdate: (FragmentLayout) throws -> PolicyUpdate,
    makeActorUpdate: ((FragmentLayout) throws -> PolicyUpdate)? = nil
  ) throws {
    self.settings = settings
    self.weights = weights
    self.random = random
    replay = ReplayBuffer(
      steps: settings.replaySteps, of: batchLayout, priorityExponent: settings.priorityExponent,
      sharing: settings.sharedStackDepth.map {
        FrameStore(batchLayout, depth: $0, environmentCount: settings.environmentCount)
      }, threads: threads)
    columns = EnvironmentColumns(batchLayout)
    let layout = batchLayout.resized(environmentCount: settings.sampleEnvironments)
    sample = FragmentStorage(layout)
    importance = Array(repeating: 1, count: layout.stepCount * layout.environmentCount)
    update = try makeUpdate(layout)
    actorUpdate = try makeActorUpdate?(layout)
    let ranges = Dictionary(
      uniqueKeysWithValues: parameters.entries.map { ($0.name, $0.range) })
    let root = QNetworkPolicy.targetRoot + "."
    copies = parameters.entries.compactMap { entry in
      guard entry.name.hasPrefix(root),
        let source = ranges[String(entry.name.dropFirst(root.count))]
      else { return nil }
      return (entry.range, source)
    }
    moveTarget(by: 1)
  }

  /// Adds a batch to the replay buffer and learns from samples.
  ///
  /// - Returns: the outcome, as for a batch in any memory.
  @discardableResult
  package func learn(from batch: FragmentBatch) -> UpdateOutcome { learn(from: batch.view) }

  /// Adds a batch in any memory to the replay buffer and learns from samples.
  ///
  /// - Returns: `skipped` if updates were skipped or the batch was kept out of the replay buffer,
  ///   and no update moved the weights; `learnedInPart` if one did. `diverged` if an update was,
  ///   after which no further one is made. `certain` or `nearlyCertain` if all updates were.
  ///   `learned` in all other cases, also if no update was due.
  @discardableResult
  package func learn(from batch: FragmentView) -> UpdateOutcome {
    var parts = PartOutcomes()
    let exchange = update.exchange
    let earlierRandom = random
    // A number that is not finite would be sampled again and again.
    let isKept = columns.areFinite(in: batch)
    if isKept { replay.add(batch) }
    let steps = batch.layout.stepCount * batch.layout.environmentCount * update.rankCount
    stepCount += steps
    var dueCount = dueCount(stepsPerBatch: steps)
    if let exchange {
      // Updates are due at all ranks or at none, even if some have no samples yet.
      exchange.told.subtract(.keptOut)
      if !isKept { exchange.told.insert(.keptOut) }
      if dueCount == 0 { exchange.tell() }
    } else if replay.stepCount == 0 {
      dueCount = 0
    }
    for _ in 0..<dueCount {
      let hasSample = replay.stepCount > 0
      if hasSample { drawSample() }
      let outcome = learnFromSample(update)
      if case .diverged = outcome { return outcome }
      // No rank has samples, or one had no batch.
      if outcome == .tooFar { break }
      if hasSample, outcome != .skipped {
        replay.prioritize { update.meanError(of: $0) }
      }
      parts.add(outcome)
      updatesSinceTarget += 1
      if updatesSinceTarget >= settings.targetInterval {
        updatesSinceTarget = 0
        if let actorUpdate {
          let outcome = learnFromSample(actorUpdate)
          if case .diverged = outcome { return outcome }
          if outcome == .tooFar { break }
          parts.add(outcome)
        }
        moveTarget(by: Float(settings.targetRate))
      }
    }
    var isSkipped = !isKept
    if let exchange {
      if exchange.isOver {
        // The batch is collected again after resuming.
        stepCount -= steps
        random = earlierRandom
        if isKept { replay.forgetNewest() }
        return parts.outcome
      }
      isSkipped = exchange.words.contains { $0.contains(.keptOut) }
    }
    if isSkipped {
      update.skip()
      parts.add(.skipped)
    }
    return parts.outcome
  }

  /// Returns the number of updates that are due after the newest batch.
  ///
  /// The sum over the first k batches from the first update on is k times the number per batch,
  /// rounded down.
  private func dueCount(stepsPerBatch steps: Int) -> Int {
    let first = max(1, settings.firstUpdate)
    guard stepCount - firstStep >= first else { return 0 }
    let batch = Double((stepCount - firstStep - first) / steps)
    return Int(settings.updatesPerBatch * (batch + 1)) - Int(settings.updatesPerBatch * batch)
  }

  private func drawSample() {
    replay.sample(into: sample.view, using: &random)
    guard settings.priorityExponent > 0 else { return }
    replay.weigh(
      &importance, correction: settings.correction.value(at: stepCount, of: settings.totalSteps))
    update.weigh(importance)
  }

  private func learnFromSample(_ update: PolicyUpdate) -> UpdateOutcome {
    guard replay.stepCount > 0 else { return update.learnFromOthers(at: stepCount) }
    update.drawNoise(using: &random)
    return update.learn(from: sample.view, at: stepCount)
  }

  /// Returns the metrics reported since the last call.
  package func takeMetrics() -> [(name: String, value: Double)] {
    update.takeMetrics() + (actorUpdate?.takeMetrics() ?? [])
  }

  /// Saves or restores the counters, the random stream, the replay buffer and the updates.
  package func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try archive.transfer("replay.steps", count: &stepCount, upTo: StateArchive.largestCount)
    try archive.transfer(
      "replay.updates_since_copy", count: &updatesSinceTarget, upTo: StateArchive.largestCount)
    try archive.transfer("replay.first_step", count: &firstStep, upTo: StateArchive.largestCount)
    try archive.transfer("replay.random", &random)
    if try !replay.transfer(&archive) { firstStep = stepCount }
    try update.transfer(&archive)
    try actorUpdate?.transfer(&archive)
  }

  /// Moves the target networks by a fraction of their distance to the trained ones.
  private func moveTarget(by rate: Float) {
    let weights = weights
    for (target, source) in copies {
      guard rate < 1 else {
        weights.copy(source, to: target.lowerBound)
        continue
      }
      let trained = weights.span(source)
      var following = weights.mutableSpan(target)
      for index in trained.indices {
        following[index] += rate * (trained[index] - following[index])
      }
    }
  }
}
