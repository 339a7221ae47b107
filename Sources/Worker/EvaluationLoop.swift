import Actor
import Rollout

/// The loop of an evaluation process: wait for a request, play it, hand over the results.
///
/// docs/evaluation.md describes the protocol.
struct EvaluationLoop {
  private let memory: EvaluationMemory
  private let player: EpisodePlayer
  private let weights: FlatVector<Float>
  private let bell: Doorbell
  private let learnerBell: Doorbell

  /// Creates the loop from the description in the shared memory.
  init(memory: EvaluationMemory, bell: Doorbell, learnerBell: Doorbell) throws {
    self.memory = memory
    self.bell = bell
    self.learnerBell = learnerBell
    var description = try EvaluationDescription(decoding: memory.description)
    // The learner watches this process and reports more than this process could.
    description.environment.hangTimeoutSeconds = nil
    player = EpisodePlayer(
      environment: description.environment, policy: try PolicyRegistry.decode(description.policy),
      seed: description.seed, marker: OwnedPositionMarker(memory.position, owner: memory))
    weights = FlatVector(repeating: 0, count: memory.layout.weightCount)
  }

  /// Plays requests until the run is over.
  ///
  /// - Throws: an environment's errors.
  func run() throws {
    var last: UInt64 = 0
    while !memory.stopping {
      guard let request = memory.take(after: last, into: weights) else {
        // The pipe closes when the learner is gone; the watching thread then ends this process.
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

  /// Plays the rest of a request; returns false if the request was withdrawn.
  private func play(_ request: EvaluationRequest) throws -> Bool {
    for part in EpisodePlayer.parts(of: request.episodes)
    where part.lowerBound >= request.firstToPlay {
      memory.begin(request, partFrom: part.lowerBound)
      let isWhole = try player.play(
        part, weights, choice: request.samples ? .sample : .greedy,
        isInterrupted: { !memory.isCurrent(request) }, watch: { _ in memory.countStep() },
        record: { memory.record($0, $1, of: request) })
      if !isWhole { return false }
    }
    return true
  }
}
