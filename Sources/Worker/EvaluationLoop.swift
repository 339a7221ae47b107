import Actor
import Rollout

/// The loop of an evaluation process: wait for a request, play it, hand over its results.
///
/// docs/evaluation.md has the protocol.
struct EvaluationLoop {
  private let memory: EvaluationMemory
  private let player: EpisodePlayer
  private let weights: FlatVector<Float>
  private let bell: Doorbell
  private let learnerBell: Doorbell

  /// Sets the process up from what lies in its memory.
  init(memory: EvaluationMemory, bell: Doorbell, learnerBell: Doorbell) throws {
    self.memory = memory
    self.bell = bell
    self.learnerBell = learnerBell
    var description = try EvaluationDescription(decoding: memory.description)
    // The learner watches over this process, and its report says more.
    description.environment.patience = nil
    player = EpisodePlayer(
      environment: description.environment, policy: try PolicyRegistry.decode(description.policy),
      seed: description.seed, marker: OwnedPositionMarker(memory.position, owner: memory))
    weights = FlatVector(repeating: 0, count: memory.layout.weightCount)
  }

  /// Plays requests until the run is over.
  ///
  /// - Throws: what an environment throws.
  func run() throws {
    var last: UInt64 = 0
    while !memory.stopping {
      guard let request = memory.take(after: last, into: weights.buffer) else {
        // The other end closes when the learner is gone; the watch on it ends this process then.
        _ = bell.wait()
        continue
      }
      last = request.number
      if try play(request) {
        memory.finish(request)
        learnerBell.ring()
      }
    }
  }

  /// Plays what is left of a request; false when it was withdrawn.
  private func play(_ request: EvaluationRequest) throws -> Bool {
    for part in EpisodePlayer.parts(of: request.episodes)
    where part.lowerBound >= request.firstToPlay {
      memory.begin(request, partFrom: part.lowerBound)
      let isWhole = try player.play(
        part, weights, choice: request.samples ? .sample : .greedy,
        isInterrupted: { !memory.isCurrent(request) },
        record: { memory.record($0, $1, of: request) })
      if !isWhole { return false }
    }
    return true
  }
}
