import Actor
import Rollout

/// A buffer of the weights that follows a schedule, such as Q-learning's chance of a random action.
///
/// Like all weights it reaches workers with the next version and is saved in checkpoints.
public struct ScheduledBuffer: Sendable, Equatable {
  /// The name of the buffer, which is one number, and of its metric.
  public var name: String
  /// Its value, by environment steps.
  public var schedule: Schedule

  /// Creates the schedule of a buffer.
  public init(_ name: String, _ schedule: Schedule) {
    self.name = name
    self.schedule = schedule
  }
}

/// A learner that wraps another one and sets buffers of the weights after each batch.
public final class ScheduledBufferLearner: BatchLearner {
  private let learner: any BatchLearner
  private let buffers: [ScheduledBuffer]
  private let places: [Int]
  private let totalSteps: Int
  private let weights: FlatVector<Float>

  /// Creates the learner.
  ///
  /// - Parameters:
  ///   - learner: the learner that updates the weights.
  ///   - buffers: the buffers with their schedules.
  ///   - totalSteps: the environment steps of schedules without their own number of steps.
  ///   - parameters: the policy's parameters, including its buffers.
  ///   - weights: the weights, which are trained in place.
  /// - Throws: `PolicyError` if the policy lacks one of the buffers.
  public init(
    _ learner: any BatchLearner, _ buffers: [ScheduledBuffer], totalSteps: Int,
    parameters: ParameterLayout, weights: FlatVector<Float>
  ) throws(PolicyError) {
    self.learner = learner
    self.buffers = buffers
    self.totalSteps = totalSteps
    self.weights = weights
    var places: [Int] = []
    for buffer in buffers {
      guard let place = parameters.range(of: buffer.name), place.count == 1 else {
        throw PolicyError(
          """
          the algorithm schedules '\(buffer.name)', and the policy has no buffer of that name with \
          one number
          """
        )
      }
      places.append(place.lowerBound)
    }
    self.places = places
    setBuffers()
  }

  /// The number of optimizer steps so far.
  public var updateCount: Int { learner.updateCount }
  /// The number of skipped updates.
  public var skippedCount: Int { learner.skippedCount }
  /// The number of environment steps received so far.
  public var stepCount: Int { learner.stepCount }
  /// The loss of the last update.
  public var lastLoss: Float { learner.lastLoss }

  /// Learns from a batch, then sets the buffers for the next version of the weights.
  @discardableResult
  public func learn(from batch: FragmentBatch) -> UpdateOutcome {
    let outcome = learner.learn(from: batch)
    setBuffers()
    return outcome
  }

  /// Returns the metrics reported since the last call, and the buffers if there are any.
  public func takeMetrics() -> [(name: String, value: Double)] {
    let metrics = learner.takeMetrics()
    guard !metrics.isEmpty else { return [] }
    return metrics + zip(buffers, places).map { ($0.name, Double(weights[$1])) }
  }

  /// Returns the histograms counted since the last call.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] {
    learner.takeHistograms()
  }

  /// Saves or restores the state of the wrapped learner; the buffers are part of the weights.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try learner.transfer(&archive)
  }

  private func setBuffers() {
    for index in places.indices {
      weights[places[index]] = Float(
        buffers[index].schedule.value(at: learner.stepCount, of: totalSteps))
    }
  }
}
