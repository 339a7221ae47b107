import Actor
// Glibc declares `stdout` as a variable; nothing assigns it here.
@preconcurrency import Foundation
@preconcurrency import Glibc
import Rollout
import Synchronization

/// The entrance for a worker process and for an evaluation process.
///
/// Both are the same executable as the learner, so a program that trains lets them in first:
///
///     EnvironmentRegistry.register("Mine-v0") { Mine() }
///     WorkerMain.runIfAsked()
///     // … from here on this is the learner
public enum WorkerMain {
  /// Runs a worker or evaluations and ends the process if the command line asks for it.
  ///
  /// Call it first of all: it also opens what the caller closed of standard input, output and
  /// error.
  public static func runIfAsked(_ arguments: [String] = CommandLine.arguments) {
    ProcessStart.prepare()
    let arguments = Array(arguments.dropFirst())
    if let arguments = WorkerArguments(arguments) { run(arguments) }
    if let arguments = EvaluationArguments(arguments) { run(arguments) }
  }

  /// Runs a worker until the run is over, then ends the process.
  ///
  /// Exit code 0 when the learner said stop, or is gone. Otherwise 1 with one sentence on standard
  /// error, or `RunDescription.refusalCode` where no other process would do better.
  public static func run(_ arguments: WorkerArguments) -> Never {
    run("worker \(arguments.index)") { try collect(arguments) }
  }

  /// Plays evaluations until the run is over, then ends the process, with the same exit codes.
  public static func run(_ arguments: EvaluationArguments) -> Never {
    run("the evaluation process") { try evaluate(arguments) }
  }

  private static func run(_ name: String, _ work: () throws -> Void) -> Never {
    // They may reach every process of a group or a job. When to stop is the learner's decision, so
    // that environments can be closed.
    for number in StopSignals.requests + StopSignals.notices where number != SIGTERM {
      StopSignals.ignore(number)
    }
    // The learner may have started this process from a thread that blocks it.
    SystemCalls.unblockSignals([SIGTERM])
    nameProcess()
    do {
      try work()
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

  /// Gives the process its program's name, by which `ps` and `pkill` know it.
  ///
  /// It is started from `/proc/<learner>/exe`, whose name is "exe".
  private static func nameProcess() {
    guard let path = try? SystemCalls.executablePath(), let name = path.split(separator: "/").last
    else { return }
    Thread.current.name = String(name)
  }

  /// Ends the process with a sentence on standard error.
  private static func leave(_ code: Int32, _ sentence: String) -> Never {
    // The learner may be gone, and then there is nobody to tell.
    _ = Array("\(sentence)\n".utf8).withUnsafeBytes {
      try? SystemCalls.writeAll(STDERR_FILENO, $0)
    }
    exit(code)
  }

  /// Collects until the run is over; environments are let go of before it returns, since some have to be closed.
  private static func collect(_ arguments: WorkerArguments) throws {
    let bells = try takeBells()
    let memory = try RunMemory(attachingTo: arguments.learner, descriptor: arguments.descriptor)
    leaveOnTermination(memory.stoppingWord)
    defer { stoppingWord = nil }
    leaveWithLearner(STDIN_FILENO)
    // Closing environments still marks them in the memory.
    try withExtendedLifetime(memory) {
      try WorkerLoop(arguments, memory: memory, bell: bells.own, learnerBell: bells.learner).run()
    }
  }

  /// Plays what the learner asks for; as above, environments are let go of before it returns.
  private static func evaluate(_ arguments: EvaluationArguments) throws {
    let bells = try takeBells()
    let memory = try EvaluationMemory(
      attachingTo: arguments.learner, descriptor: arguments.descriptor)
    leaveOnTermination(memory.stoppingWord)
    defer { stoppingWord = nil }
    leaveWithLearner(STDIN_FILENO)
    let loop = try EvaluationLoop(memory: memory, bell: bells.own, learnerBell: bells.learner)
    try loop.run()
  }

  /// The bells: standard input is rung by the learner, what was standard output rings there.
  ///
  /// An environment that prints must not ring by it: its output goes where standard error goes.
  private static func takeBells() throws(SystemError) -> (own: Doorbell, learner: Doorbell) {
    let output = try SystemCalls.duplicate(STDOUT_FILENO)
    try SystemCalls.duplicate(STDERR_FILENO, onto: STDOUT_FILENO)
    setvbuf(stdout, nil, _IOLBF, 0)
    return (Doorbell(listening: STDIN_FILENO), try Doorbell(ringing: output))
  }

  /// The word that says that the run is over.
  private nonisolated(unsafe) static var stoppingWord: UnsafeMutablePointer<AtomicWord>?

  /// Ends this process by SIGTERM once the run is over, and ignores SIGTERM until then.
  ///
  /// A batch system may send it to every process, and then environments would not be closed.
  private static func leaveOnTermination(_ word: UnsafeMutablePointer<AtomicWord>) {
    stoppingWord = word
    _ = StopSignals.answer([SIGTERM]) { number in
      guard WorkerMain.stoppingWord?.pointee.load(ordering: .relaxed) != 0 else { return }
      signal(number, SIG_DFL)
      kill(getpid(), number)
    }
  }

  /// Ends this process as soon as the learner is gone, whatever an environment is doing then.
  ///
  /// The learner holds the only other end of standard input, so its death closes it; a thread of its own waits for that.
  private static func leaveWithLearner(_ descriptor: Int32) {
    let thread = Thread {
      SystemCalls.waitForHangUp(descriptor)
      // The processes that environments started go too.
      SystemCalls.killOwnGroup()
      _exit(0)
    }
    thread.stackSize = 1 << 16
    thread.name = "learner-watch"
    thread.start()
  }
}
