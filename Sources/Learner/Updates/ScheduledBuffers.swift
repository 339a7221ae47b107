import Actor
import Rollout

/// A buffer of the weights that follows a schedule, such as Q-learning's chance of a random action.
///
/// Like all weights it reaches workers with the next version and is saved in checkpoints.
public struct ScheduledBuffer: Sendable, Equatable {
  /// The name of the buffer, which is one number, and of its metric.
  package var name: String
  /// Its value, by environment steps.
  package var schedule: Schedule

  /// Creates the schedule of a buffer.
  public init(_ name: String, _ schedule: Schedule) {
    self.name = name
    self.schedule = schedule
  }
}

/// A learner that wraps another one and sets buffers of the weights after each batch.
///
/// Its state is that of the inner learner, because the buffers are part of the weights.
package final class ScheduledBufferLearner: WrappingLearner {
  /// The inner learner.
  package let learner: any BatchLearner
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
  package init(
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

  /// Learns from a batch, then sets the buffers for the next version of the weights.
  @discardableResult
  package func learn(from batch: FragmentBatch) -> UpdateOutcome {
    let outcome = learner.learn(from: batch)
    setBuffers()
    return outcome
  }

  /// Returns the metrics reported since the last call, and the buffers if there are any.
  package func takeMetrics() -> [(name: String, value: Double)] {
    let metrics = learner.takeMetrics()
    guard !metrics.isEmpty else { return [] }
    return metrics + zip(buffers, places).map { ($0.name, Double(weights[$1])) }
  }

  private func setBuffers() {
    for index in places.indices {
      weights[places[index]] = Float(
        buffers[index].schedule.value(at: learner.stepCount, of: totalSteps))
    }
  }
}
