import Foundation

/// What a worker must know to collect for a run: written once by the learner, read by every worker.
///
/// It travels as JSON in the run's shared memory, so that a worker needs nothing but its number and where the memory is.
public struct RunDescription: Codable, Sendable, Equatable {
  /// What is played; its wrappers are such as a command line can name.
  public var environment: EnvironmentChoice
  /// B, the environments that a worker steps side by side.
  public var environmentCount: Int
  /// T, the steps of a fragment.
  public var stepCount: Int
  /// Whether an environment whose episode ended waits until the fragment ends.
  public var sticky: Bool
  /// The policy, as the policy registry encodes it.
  public var policy: String
  /// The root of every random stream.
  public var seed: UInt64
  /// Which weights and which memory a worker uses for each of its fragments.
  public var schedule: CollectSchedule

  /// Describes a run.
  public init(
    environment: EnvironmentChoice, environmentCount: Int, stepCount: Int, sticky: Bool = false,
    policy: String, seed: UInt64, schedule: CollectSchedule
  ) {
    self.environment = environment
    self.environmentCount = environmentCount
    self.stepCount = stepCount
    self.sticky = sticky
    self.policy = policy
    self.seed = seed
    self.schedule = schedule
  }

  /// The text that lies in shared memory.
  package var encoded: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(self) else { preconditionFailure("no JSON of \(self)") }
    return [UInt8](data)
  }

  /// Reads the text back.
  package init(decoding bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(RunDescription.self, from: Data(bytes))
  }

  /// The random streams of one incarnation of a worker.
  public func streams(worker: Int, incarnation: UInt32) -> RandomStreams {
    RandomStreams(seed: seed, worker: worker, incarnation: Int(incarnation))
  }
}
