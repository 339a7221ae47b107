/// The random streams of one worker, derived from the run's seed with separate keys.
///
/// Nothing is inherited through a fork, and nothing depends on the order of creation. The key alone
/// is enough to recreate a stream. The keys are NumPy spawn keys:
///
/// | purpose | key |
/// |---|---|
/// | environment | 0, worker, incarnation, environment |
/// | action | 1, worker, incarnation, environment |
/// | initialization of weights | 2 |
/// | evaluation, environment | 3, environment |
/// | evaluation, action | 4, environment |
/// | order of data in learning | 5, and the rank of a learner other than rank 0 |
///
/// A new purpose takes the next number. The incarnation is part of the key so that the replacement
/// of a dead worker does not repeat its predecessor's experience.
public struct RandomStreams: Sendable, Hashable {
  /// The run's seed.
  package let seed: UInt64
  /// The worker's index.
  package let worker: Int
  /// The number of times that worker had been replaced before.
  package let incarnation: Int

  /// Creates the streams of one incarnation of a worker.
  public init(seed: UInt64, worker: Int, incarnation: Int) {
    self.seed = seed
    self.worker = worker
    self.incarnation = incarnation
  }

  /// Returns the stream that drives one of the worker's environments.
  public func environment(_ index: Int) -> PCG64 {
    Self.stream(seed, .environment, [worker, incarnation, index])
  }

  /// Returns the stream from which the actions of one of the worker's environments are drawn.
  public func action(_ index: Int) -> PCG64 {
    Self.stream(seed, .action, [worker, incarnation, index])
  }

  /// Returns the stream that initializes a run's weights.
  package static func initialization(seed: UInt64) -> PCG64 {
    stream(seed, .initialization, [])
  }

  /// Returns the stream that drives an environment in evaluation.
  package static func evaluation(seed: UInt64, environment: Int) -> PCG64 {
    stream(seed, .evaluation, [environment])
  }

  /// Returns the stream from which the actions of an environment in evaluation are drawn.
  package static func evaluationAction(seed: UInt64, environment: Int) -> PCG64 {
    stream(seed, .evaluationAction, [environment])
  }

  /// Returns the stream that determines the order of data in learning.
  ///
  /// - Parameters:
  ///   - seed: the random seed of the run.
  ///   - rank: the number of the learner among those of the run.
  package static func learning(seed: UInt64, rank: Int = 0) -> PCG64 {
    stream(seed, .learning, rank == 0 ? [] : [rank])
  }

  private enum Purpose: UInt32 {
    case environment = 0
    case action = 1
    case initialization = 2
    case evaluation = 3
    case evaluationAction = 4
    case learning = 5
  }

  private static func stream(_ seed: UInt64, _ purpose: Purpose, _ indices: [Int]) -> PCG64 {
    // Each part is exactly one word, because parts of different widths could not be told apart.
    PCG64(SeedSequence(seed, spawnKey: [purpose.rawValue] + indices.map { UInt32($0) }))
  }
}
