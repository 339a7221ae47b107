import Glibc
import Rollout

/// The workers of a run: starts, wakes and replaces them, forwards their logs and ends them.
///
/// All work happens on the learner's thread in `attend`. The end of file on a worker's output
/// signals its death.
final class WorkerGroup {
  /// The number of replaced workers.
  private(set) var restartCount = 0

  let processes: WorkerProcesses
  let memory: RunMemory
  let description: RunDescription
  var workers: [Member] = []
  /// The entries to poll: output and log of each worker.
  var entries: [pollfd]

  private let core: CollectorCore
  private var deaths: DeathCounts
  private var lastWatched: UInt64 = 0

  /// A worker and the state of its present process.
  struct Member {
    let process: WatchedProcess
    /// The worker's count of fragments at the start of this process.
    let fragmentsAtStart: UInt64
    /// True if this process repeats the work over which its predecessor died.
    var repeats = false
    /// The progress of this process.
    var watch = ProgressWatch()
    /// The current step of closing the process.
    var step = ClosingStep.asked
  }

  /// Nanoseconds between checks of the workers' progress.
  private static let watchNanoseconds: UInt64 = 200_000_000

  /// Creates a group without starting a process.
  ///
  /// - Parameters:
  ///   - core: the run's memory, with published weights, and the places of workers in it.
  ///   - processes: the program to start, the receiver of messages, and the test for an interrupt.
  init(_ core: CollectorCore, _ processes: WorkerProcesses) {
    self.core = core
    self.processes = processes
    memory = core.memory
    description = core.description
    deaths = DeathCounts(workerCount: memory.layout.workerCount)
    entries = Array(
      repeating: pollfd(fd: -1, events: 0, revents: 0), count: 2 * memory.layout.workerCount)
  }

  deinit { close() }

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
        if processes.isInterrupted() { throw Interrupted() }
        workers.append(try startProcess(worker, incarnation: incarnation, anew: false))
      }
    } catch {
      close()
      throw error
    }
  }

  private func startProcess(
    _ worker: Int, incarnation: UInt32, anew: Bool
  ) throws(WorkerStartError) -> Member {
    core.prepare(worker, incarnation: incarnation, anew: anew)
    let process = try WatchedProcess(
      WorkerArguments(
        .collection(worker: worker), descriptor: memory.descriptor, incarnation: incarnation),
      processes)
    (entries[2 * worker], entries[2 * worker + 1]) = process.pollEntries
    // The worker may have counted new fragments already; earlier fragments are known to the
    // learner, and `firstFragment` is their number.
    return Member(
      process: process, fragmentsAtStart: UInt64(memory.line(worker).firstFragment))
  }

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

  /// Rings the bells of all workers that are parked and can continue.
  func wakeAll() {
    for worker in workers.indices { wake(worker) }
  }

  /// Drains bells, forwards logs and replaces dead workers.
  ///
  /// - Parameter timeoutMilliseconds: the maximum wait for an event.
  /// - Throws: `WorkerDeath` if a worker keeps dying, `WorkerStartError` if one cannot be replaced.
  func attend(timeoutMilliseconds: Int32) throws {
    killHanging()
    guard try SystemCalls.poll(&entries, timeoutMilliseconds: timeoutMilliseconds) > 0
    else { return }
    for worker in workers.indices {
      let process = workers[worker].process
      if entries[2 * worker + 1].revents != 0 { process.forwardLog(&entries[2 * worker + 1]) }
      if entries[2 * worker].revents != 0, !process.output.drain() { try replace(worker) }
    }
  }

  /// Kills workers without progress; they are replaced when their outputs close.
  private func killHanging() {
    guard let hangTimeoutSeconds = processes.hangTimeoutSeconds else { return }
    let now = SystemCalls.monotonicNanoseconds()
    guard now - lastWatched >= Self.watchNanoseconds else { return }
    lastWatched = now
    for worker in workers.indices where !workers[worker].process.isHung {
      guard workers[worker].watch.secondsStill(memory.line(worker), now: now) >= hangTimeoutSeconds
      else { continue }
      workers[worker].process.killAsHung()
    }
  }

  private func replace(_ worker: Int) throws {
    var death = bury(worker)
    // A signal to the whole process group ends workers too, which is not their fault.
    if processes.isInterrupted() { throw Interrupted() }
    if case .exited(RunDescription.refusalCode) = death.cause {
      throw WorkerRefusal(description: death.lastWords.last ?? "\(death)")
    }
    wakeAll()
    if deaths.isHopeless(worker) {
      death.deathsWithoutProgress = deaths.withoutProgress.total
      death.deathsFromOutside = deaths.withoutProgress.fromOutside
      throw death
    }
    processes.say("\(death); it is replaced")
    restartCount += 1
    let anew = deaths.endsRepetition(of: worker)
    workers[worker] = try startProcess(worker, incarnation: death.incarnation + 1, anew: anew)
    workers[worker].repeats = !anew && memory.layout.snapshotByteCount > 0
  }

  /// Waits until a worker's process is dead and reaped, and returns a description of its death.
  private func bury(_ worker: Int) -> WorkerDeath {
    let member = workers[worker]
    let line = memory.line(worker)
    let (cause, lastWords) = member.process.bury()
    let reclaimedCount = memory.pool.reclaim(worker: worker, incarnation: line.incarnation)
    let fragments = workers.indices.reduce(0) { $0 + memory.line($1).fragments }
    deaths.note(
      worker,
      DeathCounts.Death(
        isBarren: line.fragments == member.fragmentsAtStart, repeats: member.repeats,
        isIdle: line.isReady && reclaimedCount == 0, mayComeFromOutside: cause.mayComeFromOutside,
        progress: fragments + memory.board.publishedVersion,
        nanoseconds: SystemCalls.monotonicNanoseconds()))
    return WorkerDeath(
      worker: worker, pid: member.process.child.pid, incarnation: line.incarnation,
      environment: description.environment.id, seed: description.seed, fragments: line.fragments,
      cause: cause, position: line.position.position, lastWords: lastWords)
  }

  /// The work of all workers before the first fragment, such as "starting Python in 2 workers".
  var starts: String {
    var parts: [(work: String, count: Int)] = []
    for worker in workers.indices {
      let work =
        switch memory.line(worker).position.position?.activity {
        case .starting: "starting Python in"
        case .making: "making environments in"
        case .resetting: "resetting environments in"
        case .stepping: "collecting the first fragments in"
        case .closing, nil: "starting"
        }
      if let place = parts.firstIndex(where: { $0.work == work }) {
        parts[place].count += 1
      } else {
        parts.append((work, 1))
      }
    }
    return parts.map { "\($0.work) \($0.count) \($0.count == 1 ? "worker" : "workers")" }
      .joined(separator: ", ")
  }

  /// Returns the activity of a worker, for a report of missing progress.
  func whereabouts(_ worker: Int) -> String {
    let place = memory.line(worker).position.position
    let text = place?.progress ?? "not stepping"
    return "worker \(worker) (pid \(workers[worker].process.child.pid)) is \(text)"
  }
}

/// A fault that a worker found and that every replacement would find as well.
package struct WorkerRefusal: Error, CustomStringConvertible {
  /// The worker's message.
  package let description: String
}

/// The progress of a worker as visible in its line of shared memory.
///
/// A parked worker waits for the learner. Any other worker moves from environment to environment,
/// from row to row and from fragment to fragment. If none of these changes, an environment hangs or
/// the process is stopped.
struct ProgressWatch {
  private struct Sight: Equatable {
    var fragments: UInt64 = 0
    var rows: UInt64 = 0
    var position: PositionMarker.Position?
  }

  private var sight = Sight()
  /// The monotonic time at which `sight` was first seen; nil before the first look.
  private var since: UInt64?

  /// Checks a worker and returns the seconds since its last progress.
  mutating func secondsStill(_ line: WorkerLine, now: UInt64) -> Double {
    let seen = Sight(
      fragments: line.fragments, rows: line.rows, position: line.position.position)
    guard let since, !line.isParked, seen == sight else {
      sight = seen
      self.since = now
      return 0
    }
    return Double(now - since) / 1e9
  }
}
