import Glibc
import Rollout

/// All workers of a run: starts them, hears their bells and their deaths, replaces the dead, ends them all.
///
/// Everything happens on the learner's thread, in `attend`. A death is noticed by the closing of the worker's output.
final class WorkerGroup {
  /// Workers that were replaced so far.
  private(set) var restartCount = 0

  private let memory: RunMemory
  private let description: RunDescription
  private let executable: String
  /// The program as errors name it.
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
    /// The worker's count of fragments when this process began.
    var fragmentsAtStart: UInt64
    /// Whether this process gets on.
    var watch = ProgressWatch()
    /// Whether it was killed because it did not.
    var isHung = false
    /// The process's step of the ladder at the end.
    var step = LadderStep.asked
    /// Whether this process repeats what its predecessor died of.
    var repeats = false
  }

  /// A step of the ladder by which a worker is ended.
  private enum LadderStep: Equatable {
    case asked
    case told(at: UInt64)
    case killed(at: UInt64)
  }

  /// Seconds without progress that a worker has to leave when it is asked to, and again when it is
  /// told to.
  ///
  /// A worker that closes environments has `closePatience` for each of them.
  private static let timeToLeave = 1.0

  /// Seconds that a worker has beyond `closePatience`, in which it ends the environment itself.
  private static let timeToEndEnvironment = 3.0

  /// Nanoseconds between looks at whether workers get on.
  private static let watchNanoseconds: UInt64 = 200_000_000

  /// Prepares a group; nothing is started.
  ///
  /// - Parameters:
  ///   - memory: the run's memory, with weights published.
  ///   - description: what the memory says about the run.
  ///   - prepare: called with a worker, the incarnation of its new process, and whether that one is to begin new episodes:
  ///     lays out what it begins with.
  ///   - processes: which program to start, whom to tell of logs and deaths, whether to stop.
  /// - Throws: `SystemError` when the program that runs now cannot be found.
  init(
    memory: RunMemory, description: RunDescription,
    prepare: @escaping (Int, UInt32, Bool) -> Void, processes: WorkerProcesses
  ) throws(SystemError) {
    self.memory = memory
    self.description = description
    self.prepare = prepare
    // The file may be replaced while the run goes on, and workers must stay the learner's program.
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

  /// Starts all workers, each in an incarnation.
  ///
  /// - Throws: `OpenFileLimitError` before any is started; `WorkerStartError`, or `Interrupted`,
  ///   when those that were started are ended.
  func start(_ incarnations: [UInt32]) throws {
    let count = incarnations.count
    try OpenFiles.makeRoom(
      forProcesses: count, purpose: count == 1 ? "a worker and its files" : "\(count) workers")
    do {
      for (worker, incarnation) in incarnations.enumerated() {
        if isInterrupted() { throw Interrupted() }
        let process = try startProcess(worker, incarnation: incarnation, anew: false)
        // What it says of its first fragments may be there already; what was said before it is known.
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

  // MARK: While the run goes on

  /// Rings a worker's bell when it is parked and what it awaits is there.
  ///
  /// - Returns: whether it rang.
  @discardableResult
  func wake(_ worker: Int) -> Bool {
    guard memory.line(worker).wakeIfParked(publishedVersion: memory.board.publishedVersion)
    else { return false }
    workers[worker].process.bell.ring()
    return true
  }

  /// Hears bells, forwards logs and replaces the dead; waits at most so long for any of it.
  ///
  /// - Throws: `WorkerDeath` when a worker keeps dying, `WorkerStartError` when one cannot be replaced.
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

  /// Kills workers that do not get on; their closing output then makes way for successors.
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
    // A closed log would be ready for ever.
    if !isOpen { entries[2 * worker + 1].fd = -1 }
  }

  private func replace(_ worker: Int) throws {
    var death = bury(worker)
    // The processes that its environments started do not stay behind.
    workers[worker].process.sendToGroup(SIGKILL)
    // A signal to the whole group of processes ends workers too; that is no fault of theirs.
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

  /// Makes sure that a worker's process is gone and reaped, and says how it ended.
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

  /// What a worker is doing, for a report that it does nothing.
  func whereabouts(_ worker: Int) -> String {
    let place = memory.line(worker).position.position
    let text = place?.progress ?? "not stepping"
    return "worker \(worker) (pid \(workers[worker].process.pid)) is \(text)"
  }

  /// Which process a worker is at this moment.
  func status(_ worker: Int) -> WorkerStatus {
    let line = memory.line(worker)
    return WorkerStatus(
      pid: workers[worker].process.pid, incarnation: line.incarnation,
      fragmentCount: Int(line.fragments - workers[worker].fragmentsAtStart))
  }

  private func wakeAll() {
    for worker in workers.indices { wake(worker) }
  }

  // MARK: The end

  /// Ends all workers: says stop, rings, and goes up the ladder for those who stay.
  ///
  /// Each goes up it by itself, so that sixteen that hang take no longer than one. Harmless when
  /// repeated.
  func close() {
    guard !workers.isEmpty else { return }
    memory.stopping = true
    for worker in workers.indices {
      _ = memory.line(worker).wakeIfParked(publishedVersion: .max)
      // Rung whether parked or not: one that is about to park finds the bell rung.
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

  /// Forwards logs, since a worker whose log is full could not end, and moves workers up the ladder
  /// where they are due.
  ///
  /// - Returns: true when all have ended, or nothing more can be done.
  private func endStep() -> Bool {
    let now = SystemCalls.monotonicNanoseconds()
    var isOver = true
    for worker in workers.indices {
      forwardLog(worker)
      // One that closed its output is ending this instant.
      let isLeaving = entries[2 * worker].fd < 0
      guard workers[worker].process.waitForEnd(seconds: isLeaving ? 0.02 : 0) == nil else {
        continue
      }
      isOver = climb(worker, now) && isOver
    }
    return isOver
  }

  /// Sends a worker the next signal of the ladder when its time is over.
  ///
  /// - Returns: true when the kernel does not let it end.
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
          \(description.environment), which took more than \(NumberText.significant(closePatience)) s: \
          give a longer --close-timeout
          """)
      }
      workers[worker].process.send(SIGTERM)
      workers[worker].step = .told(at: now)
      return false
    }
    if case .told(let time) = workers[worker].step {
      guard Double(now - time) / 1e9 >= Self.timeToLeave else { return false }
      // A stopped process takes no SIGTERM, but dies of SIGKILL.
      workers[worker].process.sendToGroup(SIGKILL)
      workers[worker].step = .killed(at: now)
      return false
    }
    guard case .killed(let time) = workers[worker].step else { return true }
    // A killed process ends as soon as the kernel lets it.
    return Double(now - time) / 1e9 >= 10
  }
}

/// A worker found a fault that every other process would find as well.
public struct WorkerRefusal: Error, CustomStringConvertible {
  /// The worker's sentence.
  public let description: String
}
