/// A task for a model: its observations, its rewards and the ends of its episodes.
///
/// The order of operations and the precision of each term are Gymnasium's.
protocol MuJoCoTask {
  /// The parts of an observation, in order.
  var observed: [ObservedNumbers] { get }
  /// The names of the numbers that a step tells besides.
  var informationNames: [String] { get }
  /// True if external forces on bodies are observed or cost something.
  var needsForces: Bool { get }
  /// The place that has the velocity of the task, x and y in meters.
  var place: SIMD2<Double> { get }

  /// Draws positions and velocities for the beginning of an episode.
  func draw(_ simulation: MuJoCoSimulation, using random: inout PCG64)

  /// Updates what is observed besides MuJoCo's arrays, after a step or at the beginning.
  func update()

  /// Returns reward and end of a step, and writes the information about it.
  func evaluate(_ step: MuJoCoStep) -> StepOutcome
}

extension MuJoCoTask {
  var needsForces: Bool { false }
  var place: SIMD2<Double> { .zero }
  func update() {}
}

/// A step of a task, after the simulation has moved.
struct MuJoCoStep {
  /// The actions, which are float32 as in Gymnasium.
  let actions: RowValues<Float>
  /// The velocity of the task's place, in meters per second.
  let velocity: SIMD2<Double>
  /// The place for the numbers that the step tells, in the order of their names.
  let information: RowValues<Float>

  /// The sum of the squares of actions in float32.
  var effort: Float { NumPySum.squares(actions) }
}

/// Consecutive elements of an array, as a task observes them.
struct ObservedNumbers {
  /// The function of each element.
  enum Transform {
    case identity, sine, cosine
    case clipped(ClosedRange<Double>)
  }

  let source: RowValues<Double>
  let range: Range<Int>
  var transform = Transform.identity

  /// Observes the elements from an index on.
  init(_ source: RowValues<Double>, from start: Int = 0, _ transform: Transform = .identity) {
    self.init(source, min(start, source.count)..<source.count, transform)
  }

  /// Observes a range of elements.
  init(_ source: RowValues<Double>, _ range: Range<Int>, _ transform: Transform = .identity) {
    self.source = source
    self.range = range
    self.transform = transform
  }
}

/// A registered task: how it is found, and how it is made for a simulation.
struct MuJoCoDescription: Sendable {
  typealias Make =
    @Sendable (EnvironmentArguments, MuJoCoSimulation) throws -> any MuJoCoTask

  /// The id without the prefix, such as `HalfCheetah-v5`.
  let id: String
  let summary: String
  /// The name of the model's file among Gymnasium's.
  let model: String
  /// The number of steps of the simulation in one step of the environment.
  let frameSkip: Int
  var maximumEpisodeSteps = 1000
  var rewardThreshold: Double?
  /// The smallest numbers of positions and velocities of a model for this task.
  let needs: (positions: Int, velocities: Int)
  /// The parameters besides those of all tasks.
  let ownParameters: [EnvironmentParameter]
  let make: Make

  /// All parameters, with Gymnasium's names and defaults.
  var parameters: [EnvironmentParameter] {
    [
      .text("xml_file", default: model, "Model: a path, or the name of one of Gymnasium's."),
      .integer(
        "frame_skip", default: frameSkip, in: 1...1000, "Steps of the simulation in one step."),
    ] + ownParameters
  }

  /// The tasks with Gymnasium's names.
  static let all: [MuJoCoDescription] = [
    ant, halfCheetah, hopper, humanoid, humanoidStandup, invertedDoublePendulum,
    invertedPendulum, pusher, reacher, swimmer, walker2d,
  ]
}

extension EnvironmentParameter {
  /// A factor of a term of the reward.
  static func weight(
    _ name: String, default value: Double, _ summary: String
  ) -> EnvironmentParameter {
    .number(name, default: value, in: -1e9...1e9, summary)
  }

  /// The scale of the noise at the beginning of an episode.
  static func noise(default value: Double) -> EnvironmentParameter {
    .number("reset_noise_scale", default: value, in: 0...1e3, "Noise at the start of an episode.")
  }

  /// The choice to hide the positions along the ground.
  static let excludesPositions = EnvironmentParameter.flag(
    "exclude_current_positions_from_observation", default: true,
    "Hide the position along the ground.")

  static let terminates = EnvironmentParameter.flag(
    "terminate_when_unhealthy", default: true, "End an episode outside the healthy ranges.")
}
