import Actor
import Rollout

/// Learns what actions are worth from batches that are kept: DQN.
///
/// Each batch goes into a replay buffer, unless a reward or an observation in it is not finite; then follow some updates from
/// environments drawn out of it, and now and then the target network is made what the trained one is. ε follows its schedule
/// and reaches workers with the next weights.
public final class ReplayLearner: BatchLearner {
  /// What is learnt how often.
  public struct Settings: Sendable, Equatable {
    /// Environment steps that are kept.
    public var replaySteps = 50_000
    /// Environment steps before the first update.
    public var firstUpdate = 1_000
    /// Environments of a sample, over all rows of a batch.
    public var sampleEnvironments = 16
    /// Updates that follow each batch.
    public var updatesPerBatch = 1
    /// Updates between copies to the target network.
    public var targetInterval = 100
    /// ε, by environment steps.
    public var epsilon: Schedule = .linear(from: 1, to: 0.05, steps: 10_000)

    /// What suits CartPole.
    public init() {}
  }

  /// Environment steps that came in so far.
  public private(set) var stepCount = 0
  /// Steps of the optimiser so far.
  public var updateCount: Int { update.updateCount }
  /// Updates that moved nothing, and batches that were left out of the replay buffer.
  public var skippedCount: Int { update.skippedCount }
  /// The loss of the last update.
  public var lastLoss: Float { update.lastLoss }

  private let settings: Settings
  private let totalSteps: Int
  private let replay: ReplayBuffer
  private let columns: EnvironmentColumns
  private let sample: FragmentStorage
  private let update: PolicyUpdate
  private let weights: FlatVector<Float>
  private let epsilonPlace: Int
  /// Each of the target network's buffers, and the parameter that it is copied from.
  private let copies: [(target: Range<Int>, source: Range<Int>)]
  private var random: PCG64
  private var updatesSinceCopy = 0
  /// Environment steps that had come in when the replay buffer was empty: 0, or where a state went on without it.
  private var firstStep = 0

  /// Learns by replay.
  ///
  /// - Parameters:
  ///   - settings: what is learnt how often.
  ///   - totalSteps: environment steps that ε's schedule goes over, unless it says so itself.
  ///   - batchLayout: the batches, [T, n·B].
  ///   - parameters: the policy's, with its buffers.
  ///   - weights: the weights that are trained in place.
  ///   - random: the stream that draws samples.
  ///   - makeUpdate: makes the update for samples of that layout.
  /// - Throws: what `makeUpdate` throws.
  public init(
    _ settings: Settings, totalSteps: Int, batchLayout: FragmentLayout,
    parameters: ParameterLayout, weights: FlatVector<Float>, random: PCG64,
    makeUpdate: (FragmentLayout) throws -> PolicyUpdate
  ) throws {
    self.settings = settings
    self.totalSteps = totalSteps
    self.weights = weights
    self.random = random
    replay = ReplayBuffer(steps: settings.replaySteps, of: batchLayout)
    columns = EnvironmentColumns(batchLayout)
    let layout = batchLayout.resized(environmentCount: settings.sampleEnvironments)
    sample = FragmentStorage(layout)
    update = try makeUpdate(layout)
    let ranges = Dictionary(
      uniqueKeysWithValues: parameters.entries.map { ($0.name, $0.range) })
    guard let epsilon = ranges[QNetworkPolicy.epsilonName] else {
      preconditionFailure("a policy without an ε")
    }
    epsilonPlace = epsilon.lowerBound
    let root = QNetworkPolicy.targetRoot + "."
    copies = parameters.entries.compactMap { entry in
      guard entry.name.hasPrefix(root),
        let source = ranges[String(entry.name.dropFirst(root.count))]
      else { return nil }
      return (entry.range, source)
    }
    copyToTarget()
    setEpsilon()
  }

  /// Keeps a batch and learns from samples.
  ///
  /// - Returns: as below.
  @discardableResult
  public func learn(from batch: FragmentBatch) -> UpdateOutcome { learn(from: batch.view) }

  /// Keeps a batch that lies in any memory, and learns from samples.
  ///
  /// - Returns: `learntInPart` if some updates were skipped or the batch was left out, and `skipped` if nothing else was done;
  ///   `learnt` also if no update was due; what an update did that diverged, which is the last one.
  @discardableResult
  public func learn(from batch: FragmentView) -> UpdateOutcome {
    var parts = PartOutcomes()
    // Once kept it would be drawn again and again.
    if columns.areFinite(in: batch) {
      replay.add(batch)
    } else {
      update.skip()
      parts.add(.skipped)
    }
    stepCount += batch.layout.stepCount * batch.layout.environmentCount
    setEpsilon()
    guard stepCount - firstStep >= settings.firstUpdate, replay.stepCount > 0 else {
      return parts.outcome
    }
    for _ in 0..<settings.updatesPerBatch {
      replay.sample(into: sample.view, using: &random)
      let outcome = update.learn(from: sample.view, at: stepCount)
      if case .diverged = outcome { return outcome }
      parts.add(outcome)
      updatesSinceCopy += 1
      if updatesSinceCopy >= settings.targetInterval { copyToTarget() }
    }
    return parts.outcome
  }

  /// What was reported since the last call, and ε.
  public func takeMetrics() -> [(name: String, value: Double)] {
    let metrics = update.takeMetrics()
    return metrics.isEmpty ? [] : metrics + [("epsilon", Double(weights[epsilonPlace]))]
  }

  /// Counters, the stream that draws samples, what is kept, and what the update goes on from.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try archive.transfer("replay.steps", count: &stepCount, upTo: StateArchive.largestCount)
    try archive.transfer(
      "replay.updates_since_copy", count: &updatesSinceCopy, upTo: StateArchive.largestCount)
    try archive.transfer("replay.first_step", count: &firstStep, upTo: StateArchive.largestCount)
    try archive.transfer("replay.random", &random)
    if try !replay.transfer(&archive) { firstStep = stepCount }
    try update.transfer(&archive)
  }

  private func setEpsilon() {
    weights[epsilonPlace] = Float(settings.epsilon.value(at: stepCount, of: totalSteps))
  }

  private func copyToTarget() {
    updatesSinceCopy = 0
    for (target, source) in copies {
      (weights.base + target.lowerBound).update(
        from: weights.base + source.lowerBound, count: source.count)
    }
  }
}
