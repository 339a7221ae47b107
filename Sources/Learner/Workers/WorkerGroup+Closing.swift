import Glibc
import Rollout

extension WorkerGroup {
  /// A step of closing a worker: asked to stop, sent SIGTERM, sent SIGKILL.
  enum ClosingStep {
    case asked
    case told(at: UInt64)
    case killed(at: UInt64)
  }

  /// Seconds without progress that a worker has to leave when asked, and again after SIGTERM.
  ///
  /// A worker that closes environments has `closeTimeoutSeconds` for each of them.
  private static let timeToLeave = 1.0

  /// Seconds beyond `closeTimeoutSeconds` in which a worker ends the environment itself.
  private static let timeToEndEnvironment = 3.0

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
      _ = try? SystemCalls.poll(&entries, timeoutMilliseconds: 20)
      for worker in workers.indices
      where entries[2 * worker].revents != 0 && !workers[worker].process.output.drain() {
        entries[2 * worker].fd = -1
      }
    }
    for worker in workers { worker.process.flushLog() }
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
      let process = workers[worker].process
      process.forwardLog(&entries[2 * worker + 1])
      // A worker with closed output is about to end.
      let isLeaving = entries[2 * worker].fd < 0
      guard process.child.waitForEnd(seconds: isLeaving ? 0.02 : 0) == nil else { continue }
      isOver = signalIfLate(worker, now) && isOver
    }
    return isOver
  }

  /// Sends a worker the next signal if it exceeded its time limit.
  ///
  /// - Returns: true if even SIGKILL had no effect for ten seconds.
  private func signalIfLate(_ worker: Int, _ now: UInt64) -> Bool {
    let child = workers[worker].process.child
    switch workers[worker].step {
    case .asked:
      let line = memory.line(worker)
      let place = line.position.position
      let seconds = workers[worker].watch.secondsStill(line, now: now)
      var limit = Self.timeToLeave
      if place?.activity == .closing {
        limit = processes.closeTimeoutSeconds.map { $0 + Self.timeToEndEnvironment } ?? .infinity
      }
      guard seconds >= limit else { return false }
      if let place, place.activity == .closing,
        let closeTimeoutSeconds = processes.closeTimeoutSeconds
      {
        processes.say(
          """
          worker \(worker) (pid \(child.pid)) was killed \(place.phrase) of \
          \(description.environment), which took more than \
          \(NumberText.significant(closeTimeoutSeconds)) s: give a longer --close-timeout
          """)
      }
      child.send(SIGTERM)
      workers[worker].step = .told(at: now)
    case .told(let time):
      guard Double(now - time) / 1e9 >= Self.timeToLeave else { return false }
      // A stopped process does not handle SIGTERM, but SIGKILL ends it.
      child.sendToGroup(SIGKILL)
      workers[worker].step = .killed(at: now)
    case .killed(let time):
      // A killed process ends as soon as the kernel allows.
      return Double(now - time) / 1e9 >= 10
    }
    return false
  }
}
