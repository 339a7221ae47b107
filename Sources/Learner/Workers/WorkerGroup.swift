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
  private let say: (String) -> Void
  private var workers: [Member] = []
  private var entries: UnsafeMutableBufferPointer<pollfd>
  private var deathsWithoutFragment = 0

  private struct Member {
    var process: WorkerProcess
    var log = WorkerLog()
    /// The worker's count of fragments when this process began.
    var fragmentsAtStart: UInt64
    /// Processes of this worker that ended without having handed over anything, in a row.
    var barrenDeaths = 0
  }

  /// Deaths of one worker in a row, without a fragment between, that end the run.
  static let deathLimit = 3

  /// Prepares a group; nothing is started.
  ///
  /// - Parameters:
  ///   - memory: the run's memory, with weights published.
  ///   - description: what the memory says about the run.
  ///   - executable: the program whose `worker` subcommand to run.
  ///   - say: takes log lines and reports, a sentence each.
  init(
    memory: RunMemory, description: RunDescription, executable: String,
    say: @escaping (String) -> Void
  ) {
    self.memory = memory
    self.description = description
    self.executable = executable
    self.say = say
    entries = .allocate(capacity: 2 * memory.layout.workerCount)
    entries.initialize(repeating: pollfd())
  }

  deinit {
    close()
    entries.deallocate()
  }

  /// Starts all workers.
  ///
  /// - Throws: `WorkerStartError`; those that were started are ended.
  func start() throws {
    do {
      for worker in 0..<memory.layout.workerCount {
        workers.append(
          Member(process: try startProcess(worker, incarnation: 0), fragmentsAtStart: 0))
        listen(to: worker)
      }
    } catch {
      close()
      throw error
    }
  }

  private func startProcess(
    _ worker: Int, incarnation: UInt32
  ) throws(WorkerStartError) -> WorkerProcess {
    memory.line(worker).begin(incarnation: incarnation)
    return try WorkerProcess(
      executable: executable,
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
    guard try SystemCalls.poll(entries, timeoutMilliseconds: timeoutMilliseconds) > 0
    else { return }
    for worker in workers.indices {
      if entries[2 * worker + 1].revents != 0 { forwardLog(worker) }
      if entries[2 * worker].revents != 0, !workers[worker].process.output.drain() {
        try replace(worker)
      }
    }
  }

  private func forwardLog(_ worker: Int) {
    let pid = workers[worker].process.pid
    var heard = false
    workers[worker].process.takeLog { bytes in
      heard = true
      workers[worker].log.take(bytes) { say("worker \(worker) (pid \(pid)): \($0)") }
    }
    // A closed log would be ready for ever.
    if !heard { entries[2 * worker + 1].fd = -1 }
  }

  private func replace(_ worker: Int) throws {
    let death = bury(worker)
    _ = memory.pool.reclaim(worker: worker, incarnation: death.incarnation)
    wakeAll()
    guard workers[worker].barrenDeaths < Self.deathLimit,
      deathsWithoutFragment < workers.count + Self.deathLimit
    else { throw death }
    say("\(death); it is replaced")
    restartCount += 1
    workers[worker].process = try startProcess(worker, incarnation: death.incarnation + 1)
    workers[worker].log = WorkerLog()
    workers[worker].fragmentsAtStart = memory.line(worker).fragments
    listen(to: worker)
  }

  /// Makes sure that a worker's process is gone and reaped, and says how it ended.
  private func bury(_ worker: Int) -> WorkerDeath {
    let process = workers[worker].process
    let line = memory.line(worker)
    // Its output is closed, so it is dead or about to be: the kill is for one that closed it by mistake.
    var ending = process.waitForEnd(seconds: 1)
    let unresponsive = ending == nil
    if unresponsive {
      process.send(SIGKILL)
      ending = process.waitForEnd(seconds: 10)
    }
    process.takeLog { workers[worker].log.take($0) { _ in } }
    workers[worker].log.flush { _ in }
    let barren = line.fragments == workers[worker].fragmentsAtStart
    workers[worker].barrenDeaths = barren ? workers[worker].barrenDeaths + 1 : 0
    deathsWithoutFragment = barren ? deathsWithoutFragment + 1 : 0
    let cause: WorkerDeath.Cause =
      switch ending {
      case .exited(let code) where !unresponsive: .exited(code)
      case .killed(let signal) where !unresponsive: .killed(signal: signal)
      default: .unresponsive
      }
    return WorkerDeath(
      worker: worker, pid: process.pid, incarnation: line.incarnation,
      environment: description.environment, seed: description.seed, fragments: line.fragments,
      cause: cause, position: line.position.position.map { ($0.environment, $0.step) },
      lastWords: workers[worker].log.lastWords)
  }

  /// What a worker is doing, for a report that it does nothing.
  func whereabouts(_ worker: Int) -> String {
    let place = memory.line(worker).position.position
    let text = place.map { "in environment \($0.environment) at step \($0.step)" } ?? "not stepping"
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

  /// Ends all workers: says stop, rings, and goes up the ladder for those who stay. Harmless when repeated.
  func close() {
    guard !workers.isEmpty else { return }
    memory.stopping = true
    for worker in workers.indices {
      _ = memory.line(worker).wakeIfParked(publishedVersion: .max)
      // Rung whether parked or not: one that is about to park finds the bell rung.
      workers[worker].process.bell.ring()
    }
    for worker in workers.indices { workers[worker].process.end(patience: 1) }
    for worker in workers.indices {
      let pid = workers[worker].process.pid
      workers[worker].process.takeLog { bytes in
        workers[worker].log.take(bytes) { say("worker \(worker) (pid \(pid)): \($0)") }
      }
    }
    workers = []
  }
}
