import Foundation

/// What a worker must know to collect for a run: written once by the learner, read by every worker.
///
/// It travels as JSON in the run's shared memory, so that a worker needs nothing but its number and where the memory is.
public struct RunDescription: Codable, Sendable, Equatable {
  /// The registered name of the environment.
  public var environment: String
  /// Values of the environment's parameters, such as `size=8,goal=4`.
  public var environmentArguments: String
  /// The step at which an unfinished episode is cut off.
  public var episodeLimit: EpisodeLimit
  /// The wrappers around it, the innermost first, as a command line spells them.
  public var wrappers: [String]
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
  /// The Python that plays environments named `gym:ID`.
  public var python: String

  /// Describes a run.
  public init(
    environment: String, environmentArguments: String = "",
    episodeLimit: EpisodeLimit = .registered, wrappers: [String] = [], environmentCount: Int,
    stepCount: Int, sticky: Bool = false, policy: String, seed: UInt64, schedule: CollectSchedule,
    python: String = "python3"
  ) {
    self.environment = environment
    self.environmentArguments = environmentArguments
    self.episodeLimit = episodeLimit
    self.wrappers = wrappers
    self.environmentCount = environmentCount
    self.stepCount = stepCount
    self.sticky = sticky
    self.policy = policy
    self.seed = seed
    self.schedule = schedule
    self.python = python
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
