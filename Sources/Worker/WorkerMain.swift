import Actor
import Foundation
import Glibc
import Rollout

/// The entry point of worker processes and evaluation processes.
///
/// Both run the same executable as the learner. A training program therefore calls it first:
///
/// ```swift
/// try EnvironmentRegistry.shared.register("Mine-v0") { Mine() }
/// WorkerMain.runIfAsked()
/// // … from here on this is the learner
/// ```
public enum WorkerMain {
  /// Runs a worker or evaluations and ends the process if the command line asks for it.
  ///
  /// Call it before any other work: it also opens /dev/null for each of standard input, output and
  /// error that the caller closed.
  public static func runIfAsked(_ arguments: [String] = CommandLine.arguments) {
    ProcessStart.prepare()
    if let arguments = WorkerArguments(Array(arguments.dropFirst())) { run(arguments) }
  }

  /// Collects or plays evaluations until the run is over, then ends the process.
  ///
  /// The exit code is 0 if the learner asked it to stop or is gone. Otherwise it is 1, with one
  /// sentence on standard error, or `RunDescription.refusalCode` if a replacement would fail too.
  private static func run(_ arguments: WorkerArguments) -> Never {
    // These signals may be sent to every process of a group or a job. The learner decides when to
    // stop, so environments can be closed.
    for number in StopSignals.requests + StopSignals.notices where number != SIGTERM {
      StopSignals.ignore(number)
    }
    // The learner may have started this process from a thread that blocks SIGTERM.
    SystemCalls.unblockSignals([SIGTERM])
    // The process that wakes a worker has work that others wait for, above all the learner.
    SystemCalls.waitForProcessors()
    nameProcess()
    RepeatedLines.shared.forwardAll()
    let name: String
    do {
      switch arguments.work {
      case .collection(let worker):
        name = "worker \(worker)"
        try collect(arguments, worker: worker)
      case .evaluations:
        name = "the evaluation process"
        try evaluate(arguments)
      }
      exit(0)
    } catch let error as DifferentSpaces {
      leave(RunDescription.refusalCode, "\(error)")
    } catch let error as SpaceMismatch {
      leave(RunDescription.refusalCode, "\(name): \(error)")
    } catch let error as GymnasiumError where error.kind == .spaces {
      leave(RunDescription.refusalCode, "\(name): \(error)")
    } catch {
      leave(1, "\(error)")
    }
  }

  /// Sets the process's name, as `ps` and `pkill` see it, to that of its program.
  ///
  /// It is started from `/proc/<learner>/exe`, so its name would be "exe".
  private static func nameProcess() {
    guard let path = try? SystemCalls.executablePath(), let name = path.split(separator: "/").last
    else { return }
    Thread.current.name = String(name)
  }

  /// Ends the process with a sentence on standard error.
  private static func leave(_ code: Int32, _ sentence: String) -> Never {
    // The learner may be gone; a failed write is ignored.
    try? SystemCalls.writeAll(STDERR_FILENO, Array("\(sentence)\n".utf8))
    exit(code)
  }

  /// Collects until the run is over; releases environments before returning, to close them.
  private static func collect(_ arguments: WorkerArguments, worker: Int) throws {
    let bells = try takeBells()
    let memory = try RunMemory(attachingTo: arguments.learner, descriptor: arguments.descriptor)
    // Closing environments writes positions to the memory.
    try memory.withTermination {
      leaveWithLearner(STDIN_FILENO)
      try WorkerLoop(
        memory: memory, worker: worker, incarnation: arguments.incarnation, bell: bells.own,
        learnerBell: bells.learner
      ).run()
    }
  }

  /// Plays the learner's requests; releases environments before returning, as `collect` does.
  private static func evaluate(_ arguments: WorkerArguments) throws {
    let bells = try takeBells()
    let memory = try EvaluationMemory(
      attachingTo: arguments.learner, descriptor: arguments.descriptor)
    try memory.withTermination {
      leaveWithLearner(STDIN_FILENO)
      try EvaluationLoop(memory: memory, bell: bells.own, learnerBell: bells.learner).run()
    }
  }

  /// Returns the two bells: standard input, rung by the learner, and the former standard output.
  ///
  /// Standard output is redirected to standard error: output that an environment prints must not
  /// ring the learner's bell.
  private static func takeBells() throws(SystemError) -> (own: Doorbell, learner: Doorbell) {
    let output = try SystemCalls.duplicate(STDOUT_FILENO)
    try SystemCalls.duplicate(STDERR_FILENO, onto: STDOUT_FILENO)
    SystemCalls.bufferStandardOutputByLine()
    return (Doorbell(listening: STDIN_FILENO), try Doorbell(ringing: output))
  }

  /// Ends this process as soon as the learner is gone, whatever an environment is doing.
  ///
  /// The learner holds the only other end of standard input. Its death closes that end, which a
  /// separate thread waits for.
  private static func leaveWithLearner(_ descriptor: Int32) {
    HangUpWatch.start(descriptor, name: "learner-watch") {
      // Processes that its environments started end too.
      SystemCalls.killOwnGroup()
      _exit(0)
    }
  }
}
