import Actor
import Learner
import Rollout

/// The hot paths of which Scripts/check_instructions.py counts the instructions.
///
/// A line on standard output names each path and its number of repetitions, in the order in which
/// they run.
enum InstructionCounts {
  static func run() throws {
    try reactAndStep()
    try update(.reinforce, times: 5)
    try update(.ppo, times: 1)
  }

  /// A worker's part: the default policy's reaction to 8 CartPoles, and a step of all of them.
  private static func reactAndStep() throws {
    let setup = try TrainingConfiguration().makeSetup(seed: 1)
    let streams = RandomStreams(seed: 1, worker: 0, incarnation: 0)
    let environments = try setup.environment.makeBatch(
      count: setup.environmentCount, streams: streams)
    let actor = try PolicyActor(
      setup.policy, layout: setup.layout,
      streams: (0..<setup.environmentCount).map { streams.action($0) }, parts: environments.parts,
      unread: setup.unreadOutputs)
    actor.weights.assign(setup.weights.elements)
    actor.weightsChanged()
    let storage = FragmentStorage(setup.layout)
    let (fragment, stepCount) = (storage.view, setup.layout.stepCount)
    try environments.reset(into: fragment, row: 0)
    var t = 0
    try count("reaction", times: 100) {
      actor.react(to: fragment, at: t, virtual: false)
      t = (t + 1) % stepCount
    }
    // The actions that the reactions left; the environments go on from row 0.
    t = 0
    try count("step", times: 1000) {
      try environments.step(fragment, from: t, sticky: false, position: .unread)
      t = (t + 1) % stepCount
      if t == 0 { fragment.copyState(row: stepCount, to: fragment, row: 0) }
    }
  }

  /// A learner's part: updates from one batch, which change nothing that the next one depends on.
  private static func update(_ algorithm: Algorithm, times: Int) throws {
    var configuration = TrainingConfiguration(algorithm)
    configuration.learningRate = 0
    // Counts do not depend on the machine's processors.
    configuration.learnerThreads = 1
    // One pass over the batch is enough for a count.
    if algorithm == .ppo { configuration.epochs = 1 }
    let setup = try configuration.makeSetup(seed: 1)
    let collector = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    let learner = try configuration.makeLearner(
      setup, batchLayout: collector.batchLayout, valueParameters: [])
    let batch = try collector.next()
    try count("update_\(algorithm.name)", times: times) { _ = learner.learn(from: batch) }
  }

  /// Plays a path once, and then as often as it is counted.
  private static func count(_ name: String, times: Int, _ body: () throws -> Void) throws {
    print(name, times)
    try countedRepetitions(1, body)
    try countedRepetitions(times, body)
  }

  /// Repeats a path; the script, which finds this function by its name, notes the count at each of
  /// its ends.
  @inline(never)
  private static func countedRepetitions(_ times: Int, _ body: () throws -> Void) throws {
    for _ in 0..<times { try body() }
  }
}
