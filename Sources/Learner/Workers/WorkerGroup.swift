import Glibc
import Rollout

/// The workers of a run: starts, wakes and replaces them, forwards their logs and ends them.
///
/// All work happens on the learner's thread in `attend`. The end of file on a worker's output
/// signals its death.
final class WorkerGroup {
  /// The number of replaced workers.
  private(set) var restartCount = 0

  private let memory: RunMemory
  private let description: RunDescription
  private let executable: String
  /// The program's name in error messages.
  private let programName: String
  private let prepare: (Int, UInt32, Bool) -> Void
  private let isInterrupted: () -> Bool
  private let say: (String) -> Void
  private var workers: [Member] = []
  private var entries: UnsafeMutableBufferPointer<pollfd>
  private var toll: DeathToll
  private let patience: Double?
  private let closePatience: Double?
  private var lastWatched: UInt64 = 0

  private struct Member {
    var process: WorkerProcess
    var log = ProcessLog()
    /// The worker's count of fragments at the start of this process.
    var fragmentsAtStart: UInt64
    /// The progress of this process.
    var watch = ProgressWatch()
    /// True if it was killed because it made no progress.
    var isHung = false
    /// The current step of closing the process.
    var step = LadderStep.asked
    /// True if this process repeats the work over which its predecessor died.
    var repeats = false
  }

  /// A step of closing a worker: asked to stop, sent SIGTERM, sent SIGKILL.
  private enum LadderStep: Equatable {
    case asked
    case told(at: UInt64)
    case killed(at: UInt64)
  }

  /// Seconds without progress that a worker has to leave when asked, and again after SIGTERM.
  ///
  /// A worker that closes environments has `closePatience` for each of them.
  private static let timeToLeave = 1.0

  /// Seconds beyond `closePatience` in which a worker ends the environment itself.
  private static let timeToEndEnvironment = 3.0

  /// Nanoseconds between checks of the workers' progress.
  private static let watchNanoseconds: UInt64 = 200_000_000

  /// Creates a group without starting a process.
  ///
  /// - Parameters:
  ///   - memory: the run's memory, with published weights.
  ///   - description: the run's description in that memory.
  ///   - prepare: called with a worker, the incarnation of its new process, and true if that
  ///     process must begin new episodes. Prepares the worker's start state.
  ///   - processes: the program to start, the receiver of messages, and the test for an interrupt.
  /// - Throws: `SystemError` if the path of the running program cannot be determined.
  init(
    memory: RunMemory, description: RunDescription,
    prepare: @escaping (Int, UInt32, Bool) -> Void, processes: WorkerProcesses
  ) throws(SystemError) {
    self.memory = memory
    self.description = description
    self.prepare = prepare
    // The program's file may be replaced during the run; workers must run the learner's program.
    executable = processes.executable ?? SystemCalls.ownProgram
    programName =
      if let named = processes.executable { named } else { try SystemCalls.executablePath() }
    isInterrupted = processes.isInterrupted
    say = processes.say
    patience = processes.patience
    closePatience = processes.closePatience
    toll = DeathToll(workerCount: memory.layout.workerCount)
    entries = .allocate(capacity: 2 * memory.layout.workerCount)
    entries.initialize(repeating: pollfd(fd: -1, events: 0, revents: 0))
  }

  deinit {
    close()
    entries.deallocate()
  }

  /// Starts all workers with the given incarnations.
  ///
  /// - Throws: `OpenFileLimitError` before any worker is started; `WorkerStartError` or
  ///   `Interrupted` after the started workers have been ended.
  func start(_ incarnations: [UInt32]) throws {
    let count = incarnations.count
    try OpenFiles.makeRoom(
      forProcesses: count, purpose: count == 1 ? "a worker and its files" : "\(count) workers")
    do {
      for (worker, incarnation) in incarnations.enumerated() {
        if isInterrupted() { throw Interrupted() }
        let process = try startProcess(worker, incarnation: incarnation, anew: false)
        // The worker may have counted new fragments already; earlier fragments are known to the
        // learner, and `firstFragment` is their number.
        let fragments = UInt64(memory.line(worker).firstFragment)
        workers.append(Member(process: process, fragmentsAtStart: fragments))
        listen(to: worker)
      }
    } catch {
      close()
      throw error
    }
  }

  private func startProcess(
    _ worker: Int, incarnation: UInt32, anew: Bool
  ) throws(WorkerStartError) -> WorkerProcess {
    prepare(worker, incarnation, anew)
    return try WorkerProcess(
      executable: executable, name: programName,
      arguments: [
        "worker", "--learner", "\(SystemCalls.processIdentifier)",
        "--descriptor", "\(memory.descriptor)", "--index", "\(worker)",
        "--incarnation", "\(incarnation)",
      ])
  }

  private func listen(to worker: Int) {
    let process = workers[worker].process
    entries[2 * worker] = pollfd(
      fd: process.output.descriptor, events: Int16(POLLIN), revents: 0)
    entries[2 * worker + 1] = pollfd(fd: process.log, events: Int16(POLLIN), revents: 0)
  }

  // MARK: During the run

  /// Rings a worker's bell if it is parked and can continue.
  ///
  /// - Returns: true if the bell was rung.
  @discardableResult
  func wake(_ worker: Int) -> Bool {
    guard memory.line(worker).wakeIfParked(publishedVersion: memory.board.publishedVersion)
    else { return false }
    workers[worker].process.bell.ring()
    return true
  }

  /// Drains bells, forwards logs and replaces dead workers.
  ///
  /// - Parameter timeoutMilliseconds: the maximum wait for an event.
  /// - Throws: `WorkerDeath` if a worker keeps dying, `WorkerStartError` if one cannot be replaced.
  func attend(timeoutMilliseconds: Int32) throws {
    killHanging()
    guard try SystemCalls.poll(entries, timeoutMilliseconds: timeoutMilliseconds) > 0
    else { return }
    for worker in workers.indices {
      if entries[2 * worker + 1].revents != 0 { forwardLog(worker) }
      if entries[2 * worker].revents != 0, !workers[worker].process.output.drain() {
        try replace(worker)
      }
    }
  }

  /// Kills workers without progress; they are replaced when their outputs close.
  private func killHanging() {
    guard let patience else { return }
    let now = SystemCalls.monotonicNanoseconds()
    guard now - lastWatched >= Self.watchNanoseconds else { return }
    lastWatched = now
    for worker in workers.indices where !workers[worker].isHung {
      guard workers[worker].watch.secondsStill(memory.line(worker), now: now) >= patience
      else { continue }
      workers[worker].isHung = true
      workers[worker].process.sendToGroup(SIGKILL)
    }
  }

  private func forwardLog(_ worker: Int) {
    let pid = workers[worker].process.pid
    let isOpen = workers[worker].process.takeLog { bytes in
      workers[worker].log.take(bytes) { say("worker \(worker) (pid \(pid)): \($0)") }
    }
    // A closed log would be ready forever.
    if !isOpen { entries[2 * worker + 1].fd = -1 }
  }

  private func replace(_ worker: Int) throws {
    var death = bury(worker)
    // Processes that its environments started must not survive it.
    workers[worker].process.sendToGroup(SIGKILL)
    // A signal to the whole process group ends workers too, which is not their fault.
    if isInterrupted() { throw Interrupted() }
    if case .exited(RunDescription.refusalCode) = death.cause {
      throw WorkerRefusal(description: death.lastWords.last ?? "\(death)")
    }
    wakeAll()
    if toll.isHopeless(worker) {
      death.deathsWithoutProgress = toll.withoutProgress.total
      death.deathsFromOutside = toll.withoutProgress.fromOutside
      throw death
    }
    say("\(death); it is replaced")
    restartCount += 1
    let anew = toll.endsRepetition(of: worker)
    workers[worker].process = try startProcess(
      worker, incarnation: death.incarnation + 1, anew: anew)
    workers[worker].repeats = !anew && memory.layout.snapshotByteCount > 0
    workers[worker].log = ProcessLog()
    workers[worker].watch = ProgressWatch()
    workers[worker].isHung = false
    workers[worker].fragmentsAtStart = UInt64(memory.line(worker).firstFragment)
    listen(to: worker)
  }

  /// Waits until a worker's process is dead and reaped, and returns a description of its death.
  private func bury(_ worker: Int) -> WorkerDeath {
    let process = workers[worker].process
    let line = memory.line(worker)
    let ending = process.bury(log: &workers[worker].log)
    let reclaimedCount = memory.pool.reclaim(worker: worker, incarnation: line.incarnation)
    let cause: WorkerDeath.Cause =
      workers[worker].isHung ? .hung(seconds: patience ?? 0) : ending
    let fragments = workers.indices.reduce(0) { $0 + memory.line($1).fragments }
    toll.note(
      worker,
      DeathToll.Death(
        isBarren: line.fragments == workers[worker].fragmentsAtStart,
        repeats: workers[worker].repeats, isIdle: line.isReady && reclaimedCount == 0,
        mayComeFromOutside: cause.mayComeFromOutside,
        progress: fragments + memory.board.publishedVersion,
        nanoseconds: SystemCalls.monotonicNanoseconds()))
    return WorkerDeath(
      worker: worker, pid: process.pid, incarnation: line.incarnation,
      environment: description.environment.id, seed: description.seed, fragments: line.fragments,
      cause: cause, position: line.position.position,
      lastWords: workers[worker].log.lastWords)
  }

  /// Returns the activity of a worker, for a report of missing progress.
  func whereabouts(_ worker: Int) -> String {
    let place = memory.line(worker).position.position
    let text = place?.progress ?? "not stepping"
    return "worker \(worker) (pid \(workers[worker].process.pid)) is \(text)"
  }

  /// Returns the current process of a worker and its number of fragments.
  func status(_ worker: Int) -> WorkerStatus {
    let line = memory.line(worker)
    return WorkerStatus(
      pid: workers[worker].process.pid, incarnation: line.incarnation,
      fragmentCount: Int(line.fragments - workers[worker].fragmentsAtStart))
  }

  private func wakeAll() {
    for worker in workers.indices { wake(worker) }
  }

  // MARK: Closing

  /// Ends all workers: asks them to stop, then sends SIGTERM and SIGKILL to those that stay.
  ///
  /// The time limits run for all workers in parallel: sixteen hanging workers take no longer than
  /// one. Repeated calls have no effect.
  func close() {
    guard !workers.isEmpty else { return }
    memory.stopping = true
    for worker in workers.indices {
      _ = memory.line(worker).wakeIfParked(publishedVersion: .max)
      // Rung even if the worker is not parked: a worker about to park then finds the bell rung.
      workers[worker].process.bell.ring()
      workers[worker].watch = ProgressWatch()
    }
    while !endStep() {
      _ = try? SystemCalls.poll(entries, timeoutMilliseconds: 20)
      for worker in workers.indices
      where entries[2 * worker].revents != 0 && !workers[worker].process.output.drain() {
        entries[2 * worker].fd = -1
      }
    }
    for worker in workers.indices {
      let pid = workers[worker].process.pid
      workers[worker].log.flush { say("worker \(worker) (pid \(pid)): \($0)") }
    }
    workers = []
  }

  /// Forwards logs and sends the next signal to workers that exceeded their time limit.
  ///
  /// Logs are forwarded because a worker with a full log cannot end.
  ///
  /// - Returns: true if all workers have ended or nothing more can be done.
  private func endStep() -> Bool {
    let now = SystemCalls.monotonicNanoseconds()
    var isOver = true
    for worker in workers.indices {
      forwardLog(worker)
      // A worker with closed output is about to end.
      let isLeaving = entries[2 * worker].fd < 0
      guard workers[worker].process.waitForEnd(seconds: isLeaving ? 0.02 : 0) == nil else {
        continue
      }
      isOver = climb(worker, now) && isOver
    }
    return isOver
  }

  /// Sends a worker the next signal if it exceeded its time limit.
  ///
  /// - Returns: true if even SIGKILL had no effect for ten seconds.
  private func climb(_ worker: Int, _ now: UInt64) -> Bool {
    let line = memory.line(worker)
    let place = line.position.position
    if workers[worker].step == .asked {
      let seconds = workers[worker].watch.secondsStill(line, now: now)
      var limit = Self.timeToLeave
      if place?.activity == .closing {
        limit = closePatience.map { $0 + Self.timeToEndEnvironment } ?? .infinity
      }
      guard seconds >= limit else { return false }
      if let place, place.activity == .closing, let closePatience {
        say(
          """
          worker \(worker) (pid \(workers[worker].process.pid)) was killed \(place.phrase) of \
          \(description.environment), which took more than \
          \(NumberText.significant(closePatience)) s: give a longer --close-timeout
          """)
      }
      workers[worker].process.send(SIGTERM)
      workers[worker].step = .told(at: now)
      return false
    }
    if case .told(let time) = workers[worker].step {
      guard Double(now - time) / 1e9 >= Self.timeToLeave else { return false }
      // A stopped process does not handle SIGTERM, but SIGKILL ends it.
      workers[worker].process.sendToGroup(SIGKILL)
      workers[worker].step = .killed(at: now)
      return false
    }
    guard case .killed(let time) = workers[worker].step else { return true }
    // A killed process ends as soon as the kernel allows.
    return Double(now - time) / 1e9 >= 10
  }
}

/// A fault that a worker found and that every replacement would find as well.
public struct WorkerRefusal: Error, CustomStringConvertible {
  /// The worker's message.
  public let description: String
}
