import Actor
import Glibc
import Rollout

/// A result, and the weights that it is of.
struct Evaluation: Sendable, Equatable {
  /// One return and one length for each episode.
  var result: EvaluationResult
  /// The version of the weights.
  var policyVersion: Int
  /// The environment steps that they had learned from.
  var steps: Int
}

/// A process that plays evaluations, started once and replaced when it dies or hangs.
///
/// Requests and results are apart, so that a learner may work in between. Everything happens on the
/// caller's thread, in `attend`; docs/evaluation.md has the protocol.
final class EvaluationProcess {
  private let memory: EvaluationMemory
  private let description: EvaluationDescription
  private let executable: String
  private let programName: String
  private let patience: Double?
  private let closePatience: Double?
  private let isInterrupted: () -> Bool
  private let say: (String) -> Void

  /// The process of this moment; nil before the first one, and after one has died between requests.
  private var process: WorkerProcess?
  private var incarnation: UInt32 = 0
  private var log = ProcessLog()
  private var isHung = false
  private let entries: UnsafeMutableBufferPointer<pollfd>
  /// The current request, until its result is taken.
  private var request: (episodes: Range<Int>, policyVersion: Int, steps: Int)?
  private var toll = EvaluationToll()
  /// True from the withdrawal of an unfinished request to the next request.
  private var isAbandoning = false
  /// The environments that the current or the last request is played in.
  private var environmentCount = 1
  /// The last progress of the process that was seen, and its time.
  private var watch = (progress: EvaluationMemory.Progression(), since: UInt64(0))

  /// Seconds that the process has to leave when it is asked to, and again when it is told to.
  private static let timeToLeave = 1.0

  /// Makes the memory and starts the process.
  ///
  /// - Parameters:
  ///   - environment: what is played.
  ///   - policy: who plays, registered.
  ///   - weightCount: the floats of the policy's weights.
  ///   - seed: the root of every random stream.
  ///   - episodeCapacity: the most episodes that are asked for at a time.
  ///   - processes: the program to start, and the receiver of logs.
  /// - Throws: `RunMemoryError` when shared memory is short, `WorkerStartError`, `SystemError`.
  init(
    environment: EnvironmentChoice, policy: any Policy, weightCount: Int, seed: UInt64,
    episodeCapacity: Int, processes: WorkerProcesses
  ) throws {
    description = EvaluationDescription(
      environment: environment, policy: PolicyRegistry.encode(policy), seed: seed)
    memory = try EvaluationMemory(
      creating: weightCount, episodeCapacity: episodeCapacity, description: description.encoded)
    // The file may be replaced while the run goes on.
    executable = processes.executable ?? SystemCalls.ownProgram
    programName =
      if let named = processes.executable { named } else { try SystemCalls.executablePath() }
    patience = processes.patience
    closePatience = processes.closePatience
    isInterrupted = processes.isInterrupted
    say = processes.say
    entries = .allocate(capacity: 2)
    entries.initialize(repeating: pollfd(fd: -1, events: 0, revents: 0))
    do {
      try start()
    } catch {
      entries.deallocate()
      throw error
    }
  }

  deinit {
    close()
    entries.deallocate()
  }

  private func start() throws(WorkerStartError) {
    let process = try WorkerProcess(
      executable: executable, name: programName,
      arguments: [
        "evaluator", "--learner", "\(SystemCalls.processIdentifier)",
        "--descriptor", "\(memory.descriptor)", "--incarnation", "\(incarnation)",
      ])
    self.process = process
    log = ProcessLog()
    isHung = false
    watch = (EvaluationMemory.Progression(), SystemCalls.monotonicNanoseconds())
    entries[0] = pollfd(fd: process.output.descriptor, events: Int16(POLLIN), revents: 0)
    entries[1] = pollfd(fd: process.log, events: Int16(POLLIN), revents: 0)
  }

  // MARK: Asking and taking

  /// Asks for episodes, in place of whatever was asked for before.
  ///
  /// - Parameters:
  ///   - weights: what plays; copied.
  ///   - policyVersion: the version of the weights, which comes back with the result.
  ///   - steps: the environment steps that they have learned from, likewise.
  ///   - episodes: which episodes.
  ///   - choice: `.sample` to draw actions, `.greedy` to take the likeliest.
  /// - Throws: `WorkerStartError` when the process is gone and cannot be replaced.
  func request(
    _ weights: FlatVector<Float>, policyVersion: Int, steps: Int, episodes: Range<Int>,
    choice: ActionChoice
  ) throws(WorkerStartError) {
    memory.request(
      episodes, samples: choice == .sample, weights: UnsafeBufferPointer(weights.buffer))
    request = (episodes, policyVersion, steps)
    isAbandoning = false
    environmentCount = max(environmentCount, EpisodePlayer.parts(of: episodes).first?.count ?? 1)
    toll = EvaluationToll()
    watch = (EvaluationMemory.Progression(), SystemCalls.monotonicNanoseconds())
    if process == nil { try replace() }
    process?.bell.ring()
  }

  /// Takes a request back.
  func withdraw() {
    isAbandoning = isBusy
    memory.withdraw()
    request = nil
  }

  /// The result of what was asked for, once; nil while it is not there.
  func take() -> Evaluation? {
    guard let request, memory.isFinished else { return nil }
    self.request = nil
    var result = EvaluationResult(episodeCount: request.episodes.count)
    for index in 0..<request.episodes.count {
      guard let episode = memory.episode(at: index) else {
        preconditionFailure("episode \(index) is missing in an evaluation that is finished")
      }
      result.set(index, episode)
    }
    return Evaluation(
      result: result, policyVersion: request.policyVersion, steps: request.steps)
  }

  /// Waits for the result of what was asked for.
  ///
  /// - Parameter meanwhile: called now and then.
  /// - Throws: `EvaluationDeath` when the process keeps dying, `WorkerStartError` when it cannot be
  ///   replaced, `Interrupted`, what `meanwhile` throws; the request is withdrawn then.
  func wait(meanwhile: () throws -> Void = {}) throws -> Evaluation {
    var report = DelayedReport()
    do {
      while true {
        if let evaluation = take() { return evaluation }
        if isInterrupted() { throw Interrupted() }
        // The limit is for signals and for `meanwhile`: a bell or a death ends the wait at once.
        try attend(timeoutMilliseconds: 50)
        try meanwhile()
        if let seconds = report.secondsIfDue() { say(whereabouts(after: seconds)) }
      }
    } catch {
      withdraw()
      throw error
    }
  }

  /// Forwards the process's log and replaces a process that is gone or hangs.
  ///
  /// - Parameter timeoutMilliseconds: the longest wait for any of it.
  /// - Throws: `EvaluationDeath` when the process keeps dying, `WorkerStartError` when it cannot be
  ///   replaced.
  func attend(timeoutMilliseconds: Int32 = 0) throws {
    guard let process else { return }
    killIfHung(process)
    guard try SystemCalls.poll(entries, timeoutMilliseconds: timeoutMilliseconds) > 0
    else { return }
    if entries[1].revents != 0 { forwardLog(of: process) }
    if entries[0].revents != 0, !process.output.drain() { try replaceDead(process) }
  }

  // MARK: Deaths

  private var isBusy: Bool { request != nil && !memory.isFinished }

  private func killIfHung(_ process: WorkerProcess) {
    guard let patience, isBusy, !isHung else { return }
    let (now, progress) = (SystemCalls.monotonicNanoseconds(), memory.progress)
    if progress != watch.progress { watch = (progress, now) }
    guard Double(now - watch.since) / 1e9 >= patience else { return }
    isHung = true
    process.sendToGroup(SIGKILL)
  }

  private func forwardLog(of process: WorkerProcess) {
    let isOpen = process.takeLog { bytes in
      log.take(bytes) { say("evaluation (pid \(process.pid)): \($0)") }
    }
    // A closed log would be ready for ever.
    if !isOpen { entries[1].fd = -1 }
  }

  /// Starts another process in place of one that has died.
  private func replaceDead(_ process: WorkerProcess) throws {
    let isBusy = isBusy
    var death = bury(process)
    // The processes that its environments started do not stay behind.
    process.sendToGroup(SIGKILL)
    self.process = nil
    // A signal to the whole group of processes ends this one too; that is no fault of its own.
    if isInterrupted() { throw Interrupted() }
    guard isBusy else {
      say("\(death); it is replaced at the next evaluation")
      return
    }
    // Another process would find the same.
    if case .exited(RunDescription.refusalCode) = death.cause { throw death }
    toll.note(finishedCount: finishedCount, isFromOutside: death.cause.mayComeFromOutside)
    if toll.isHopeless {
      death.deathCount = toll.deathCount
      throw death
    }
    say("\(death); it is replaced")
    try replace()
  }

  private func replace() throws(WorkerStartError) {
    incarnation += 1
    memory.prepareReplacement(beginningWith: firstMissingPart)
    try start()
  }

  /// Episodes of the request whose results are there.
  private var finishedCount: Int {
    (0..<(request?.episodes.count ?? 0)).count { memory.episode(at: $0) != nil }
  }

  /// The first episode of the first part that is not whole.
  private var firstMissingPart: Int {
    guard let episodes = request?.episodes else { return 0 }
    let missing = EpisodePlayer.parts(of: episodes).first { part in
      part.contains { memory.episode(at: $0 - episodes.lowerBound) == nil }
    }
    return missing?.lowerBound ?? episodes.upperBound
  }

  /// Makes sure that the process is gone and reaped, and says how it ended.
  private func bury(_ process: WorkerProcess) -> EvaluationDeath {
    let place = place
    let ending = process.bury(log: &log)
    return EvaluationDeath(
      pid: process.pid, incarnation: incarnation, environment: "\(description.environment)",
      seed: description.seed, cause: isHung ? .hung(seconds: patience ?? 0) : ending,
      place: place, lastWords: log.lastWords)
  }

  /// The work of the process in words, with episodes counted from 1; empty if there is none.
  private var place: String {
    let progress = memory.progress
    guard let position = progress.position, let episode = progress.episode else { return "" }
    let number = episode - (request?.episodes.lowerBound ?? 0) + 1
    return switch position.activity {
    case .stepping: "in episode \(number) at step \(position.step)"
    case .starting: "while starting the Python of its environments"
    case .making: "while making the environment of episode \(number)"
    case .resetting: "while resetting the environment of episode \(number)"
    case .closing: "while closing the environment of episode \(number)"
    }
  }

  private func whereabouts(after seconds: Int) -> String {
    let count = request?.episodes.count ?? 0
    let at = place.isEmpty ? "" : ", \(place)"
    return DelayedReport.sentence(seconds, finishedCount, of: count) + at
  }

  // MARK: The end

  /// Asks the process to leave, without waiting for it.
  func beginClosing() {
    memory.withdraw()
    memory.stopping = true
    process?.bell.ring()
  }

  /// Ends the process: asks it to leave, and makes it leave if it does not.
  ///
  /// Harmless when repeated.
  func close() {
    guard let process else { return }
    isAbandoning = isAbandoning || isBusy
    beginClosing()
    if !awaitLeave(of: process) { process.send(SIGTERM) }
    // A stopped process takes no SIGTERM, but dies of SIGKILL.
    if !awaitEnd(of: process, seconds: Self.timeToLeave) { process.sendToGroup(SIGKILL) }
    _ = awaitEnd(of: process, seconds: 10)
    log.flush { say("evaluation (pid \(process.pid)): \($0)") }
    self.process = nil
  }

  /// Waits until the process has left; returns false if it takes longer than it may.
  ///
  /// A process in the middle of an episode has a second to leave the step. Closing may take
  /// `--close-timeout` for each environment. The process itself kills an environment that takes
  /// longer, and has a little more time for that.
  private func awaitLeave(of process: WorkerProcess) -> Bool {
    if isAbandoning {
      if awaitEnd(of: process, seconds: Self.timeToLeave) { return true }
      guard memory.progress.position?.activity == .closing else { return false }
    }
    let perEnvironment = closePatience ?? 1e9
    return awaitEnd(
      of: process, seconds: Self.timeToLeave + 3 + perEnvironment * Double(environmentCount))
  }

  /// Waits for the end and forwards the log meanwhile: a process whose log is full could not end.
  private func awaitEnd(of process: WorkerProcess, seconds: Double) -> Bool {
    let limit = SystemCalls.monotonicNanoseconds() + UInt64(seconds * 1e9)
    while true {
      forwardLog(of: process)
      let now = SystemCalls.monotonicNanoseconds()
      let left = now < limit ? Double(limit - now) / 1e9 : 0
      // A process whose output is closed is ending this instant.
      let isLeaving = entries[0].fd < 0
      if process.waitForEnd(seconds: isLeaving ? left : 0) != nil { return true }
      if left == 0 { return false }
      _ = try? SystemCalls.poll(entries, timeoutMilliseconds: Int32(min(left, 0.1) * 1000) + 1)
      if entries[0].revents != 0, !process.output.drain() { entries[0].fd = -1 }
    }
  }
}
