/// The random streams of one worker, each derived from the run's seed by a key of its own.
///
/// Nothing is inherited by a fork and nothing depends on the order of creation: who knows the key
/// can begin the stream anew. The keys are NumPy spawn keys:
///
/// | purpose | key |
/// |---|---|
/// | environment | 0, worker, incarnation, environment |
/// | action | 1, worker, incarnation, environment |
/// | initialisation of weights | 2 |
/// | evaluation, environment | 3, environment |
/// | evaluation, action | 4, environment |
/// | order of learning | 5 |
///
/// A further purpose takes the next number. The incarnation is part of the key so that a worker
/// that replaces a dead one does not repeat what the dead one had seen.
public struct RandomStreams: Sendable, Hashable {
  /// The run's seed.
  public let seed: UInt64
  /// The worker's index.
  public let worker: Int
  /// How often that worker had been replaced before.
  public let incarnation: Int

  /// Names the worker whose streams these are.
  public init(seed: UInt64, worker: Int, incarnation: Int) {
    self.seed = seed
    self.worker = worker
    self.incarnation = incarnation
  }

  /// What happens in one of the worker's environments.
  public func environment(_ index: Int) -> PCG64 {
    Self.stream(seed, .environment, [worker, incarnation, index])
  }

  /// Which actions are drawn for one of the worker's environments.
  public func action(_ index: Int) -> PCG64 {
    Self.stream(seed, .action, [worker, incarnation, index])
  }

  /// The weights that a run begins with.
  public static func initialisation(seed: UInt64) -> PCG64 {
    stream(seed, .initialisation, [])
  }

  /// What happens in an environment that is evaluated on.
  public static func evaluation(seed: UInt64, environment: Int) -> PCG64 {
    stream(seed, .evaluation, [environment])
  }

  /// Which actions are drawn for an environment that is evaluated on.
  public static func evaluationAction(seed: UInt64, environment: Int) -> PCG64 {
    stream(seed, .evaluationAction, [environment])
  }

  /// In which order a learner looks at what it learns from.
  public static func learning(seed: UInt64) -> PCG64 { stream(seed, .learning, []) }

  private enum Purpose: UInt32 {
    case environment = 0
    case action = 1
    case initialisation = 2
    case evaluation = 3
    case evaluationAction = 4
    case learning = 5
  }

  private static func stream(_ seed: UInt64, _ purpose: Purpose, _ indices: [Int]) -> PCG64 {
    // Each part is exactly one word: parts of different width could not be told apart.
    PCG64(SeedSequence(seed, spawnKey: [purpose.rawValue] + indices.map { UInt32($0) }))
  }
}
