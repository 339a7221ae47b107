import Learner

/// What the learner tells a worker process that it starts.
struct WorkerOptions: Equatable, Sendable {
  /// The process id of the learner, whose open files hold the shared memory.
  var learnerProcess: Int32 = 0
  /// The learner's descriptor of the shared memory.
  var descriptor: Int32 = 0
  /// Which of the workers this is, from 0.
  var index = 0
  /// How many processes had this index before.
  var incarnation = 0

  static let settings: [Setting<WorkerOptions>] = [
    Setting(
      "learner", "PID", \.learnerProcess, .integer, in: .options,
      "Process id of the learner, whose open files hold the shared memory."),
    Setting(
      "descriptor", "N", \.descriptor, .integer, in: .options,
      "The learner's descriptor of the shared memory."),
    Setting("index", "I", \.index, .integer, in: .options, "Which of the workers this is, from 0."),
    Setting(
      "incarnation", "K", \.incarnation, .integer, in: .options,
      "How many processes had this index before."),
  ]

  func validate() throws(ConfigurationError) {
    try ConfigurationError.check("learner", Int(learnerProcess), in: 1...Int(Int32.max))
    try ConfigurationError.check("descriptor", Int(descriptor), in: 0...Int(Int32.max))
    try ConfigurationError.check("index", index, in: 0...1023)
    try ConfigurationError.check("incarnation", incarnation, in: 0...Int(Int32.max))
  }
}

extension Command {
  static let worker = Command(
    name: "worker",
    summary: "Collect experience for a learner, which starts this command by itself.",
    options: CommandOption.required(WorkerOptions.settings, placeholderValues: WorkerOptions()),
    isHidden: true,
    interpret: { (parsed) throws(ConfigurationError) in
      var options = WorkerOptions()
      try parsed.apply(WorkerOptions.settings, to: &options)
      try options.validate()
      return .worker(options)
    })
}
