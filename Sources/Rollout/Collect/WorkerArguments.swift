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
