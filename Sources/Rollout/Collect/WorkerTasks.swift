import Foundation

/// The command line of a worker or evaluation process: its work, and the memory to attach to.
///
/// The learner writes it and the process parses it. All other information is in that memory.
package struct WorkerArguments: Sendable, Equatable {
  /// The work of the process.
  package enum Work: Sendable, Equatable {
    /// To collect fragments, as the worker with this number.
    case collection(worker: Int)
    /// To play evaluations.
    case evaluations
  }

  /// The work of the process.
  package var work: Work
  /// The process identifier of the learner.
  package var learner: Int32
  /// The memory's file descriptor in the learner.
  package var descriptor: Int32
  /// The number of earlier replacements of the process.
  package var incarnation: UInt32

  /// Creates the arguments of a process that this process starts.
  package init(_ work: Work, descriptor: Int32, incarnation: UInt32) {
    self.work = work
    learner = SystemCalls.processIdentifier
    self.descriptor = descriptor
    self.incarnation = incarnation
  }

  /// The arguments as text, without the program's name.
  ///
  /// They are `worker --learner PID --descriptor N --incarnation K --index I`, or the same without
  /// an index after `evaluator`.
  package var words: [String] {
    let memory = [
      "--learner", "\(learner)", "--descriptor", "\(descriptor)", "--incarnation", "\(incarnation)",
    ]
    return switch work {
    case .collection(let worker): ["worker"] + memory + ["--index", "\(worker)"]
    case .evaluations: ["evaluator"] + memory
    }
  }

  /// Parses the arguments of a process, without the program's name.
  ///
  /// - Returns: nil if a learner would not start a process with these arguments.
  package init?(_ words: [String]) {
    guard !words.count.isMultiple(of: 2) else { return nil }
    var values: [String: String] = [:]
    for place in stride(from: 1, to: words.count, by: 2) { values[words[place]] = words[place + 1] }
    guard let learner = values["--learner"].flatMap(Int32.init),
      let descriptor = values["--descriptor"].flatMap(Int32.init),
      let incarnation = values["--incarnation"].flatMap(UInt32.init)
    else { return nil }
    switch (words[0], words.count, values["--index"].flatMap(Int.init)) {
    case ("worker", 9, let worker?): work = .collection(worker: worker)
    case ("evaluator", 7, nil): work = .evaluations
    default: return nil
    }
    (self.learner, self.descriptor, self.incarnation) = (learner, descriptor, incarnation)
  }
}

/// A description of a process's task, which the learner stores as JSON in the memory of both.
///
/// The command line of the process therefore holds only its work and the location of the memory.
package protocol SharedDescription: Codable, Sendable, Equatable {}

extension SharedDescription {
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
    self = try JSONDecoder().decode(Self.self, from: Data(bytes))
  }
}

/// The description of a run that a worker needs in order to collect.
///
/// The learner writes it once, and every worker reads it.
package struct RunDescription: SharedDescription {
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
  /// The outputs of the actor that the learner does not read.
  package var unreadOutputs = UnreadOutputs()
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

/// The task of an evaluation process.
///
/// The learner writes it once.
package struct EvaluationDescription: SharedDescription {
  /// The environment.
  package var environment: EnvironmentConfiguration
  /// The policy, as the policy registry encodes it.
  package var policy: String
  /// The random seed from which every random stream is derived.
  package var seed: UInt64

  /// Creates a description.
  package init(environment: EnvironmentConfiguration, policy: String, seed: UInt64) {
    self.environment = environment.located
    self.policy = policy
    self.seed = seed
  }
}
