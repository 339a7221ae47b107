import Foundation

/// The description of a run that a worker needs in order to collect.
///
/// The learner writes it once, and every worker reads it. It is stored as JSON in the run's shared
/// memory, so a worker's command line holds only its number, its incarnation and the location of
/// the memory.
package struct RunDescription: Codable, Sendable, Equatable {
  /// The environment to play; its wrappers are limited to those that a command line can name.
  package var environment: EnvironmentConfiguration
  /// B, the number of environments that a worker steps side by side.
  package var environmentCount: Int
  /// T, the number of steps of a fragment.
  package var stepCount: Int
  /// True if an environment waits at its reset state after an episode, until the fragment ends.
  package var sticky: Bool
  /// The policy, as encoded by the policy registry.
  package var policy: String
  /// The random seed from which every random stream is derived.
  package var seed: UInt64
  /// The rule by which workers choose weights and buffer for each fragment.
  package var schedule: CollectSchedule
  /// The learner's complete spaces; nil if they are not compared.
  package var spaces: DeclaredSpaces?
  /// True if the run must be deterministic and its environment may not be.
  package var checksRepetition = false
  /// The number of workers of other learners of the run that come before worker 0 of this one.
  package var earlierWorkerCount = 0

  /// Creates a description.
  package init(
    environment: EnvironmentConfiguration, environmentCount: Int, stepCount: Int,
    sticky: Bool = false,
    policy: String, seed: UInt64, schedule: CollectSchedule
  ) {
    self.environment = environment.located
    self.environmentCount = environmentCount
    self.stepCount = stepCount
    self.sticky = sticky
    self.policy = policy
    self.seed = seed
    self.schedule = schedule
  }

  /// The JSON text that is stored in shared memory.
  package var encoded: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(self) else {
      preconditionFailure("\(self) cannot be encoded as JSON")
    }
    return [UInt8](data)
  }

  /// Decodes the JSON text.
  package init(decoding bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(RunDescription.self, from: Data(bytes))
  }

  /// The exit code of a worker with a fault that a replacement would have as well.
  package static let refusalCode: Int32 = 78

  /// Plays two copies of the environment for some steps, if the run must be deterministic.
  ///
  /// - Returns: a sentence if the copies differ; nil otherwise. It is nil also if the environment
  ///   fails, which the run reports later.
  package func repetitionRemark(marking marker: OwnedPositionMarker = .unread) -> String? {
    guard checksRepetition,
      let difference = try? EnvironmentCheck.difference(between: environment, marking: marker)
    else { return nil }
    return """
      \(environment) is not deterministic (\(difference)), so --deterministic cannot reproduce the \
      weights: run '\(ProgramName.shown) check-env' for details
      """
  }

  /// Compares the spaces of a worker's environments with the learner's.
  ///
  /// - Throws: `DifferentSpaces` with both.
  package func check(
    _ other: EnvironmentSpaces, ofWorker worker: Int
  ) throws(DifferentSpaces) {
    guard let spaces,
      let difference = DeclaredSpaces(other).difference(from: spaces, of: "the learner's")
    else { return }
    throw DifferentSpaces(
      """
      worker \(worker)'s environment has \(difference): \(environment) must be the same \
      environment in every process
      """)
  }

  /// Returns the random streams of one incarnation of a worker.
  package func streams(worker: Int, incarnation: UInt32) -> RandomStreams {
    RandomStreams(
      seed: seed, worker: earlierWorkerCount + worker, incarnation: Int(incarnation))
  }
}
