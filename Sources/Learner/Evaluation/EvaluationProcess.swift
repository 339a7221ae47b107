import Actor
import Glibc
import Rollout

/// A process that plays evaluations; it is started once and replaced when it dies or hangs.
///
/// Requests and results are separate calls, so a learner can work in between. All work happens on
/// the caller's thread in `attend`. docs/evaluation.md describes the protocol.
final class EvaluationProcess {
  private let memory: EvaluationMemory
  private let description: EvaluationDescription
  private let processes: WorkerProcesses
  /// The names of the results of information.
  private let informationNames: [String]

  /// The current process; nil before the start and after a death between requests.
  private var process: WatchedProcess?
  private var incarnation: UInt32 = 0
  /// The entries to poll: output and log of the process.
  private var entries = Array(repeating: pollfd(fd: -1, events: 0, revents: 0), count: 2)
  /// The episodes of the current request until its result is taken.
  private var request: Range<Int>?
  private var deaths = EvaluationDeathCounts()
  /// True from the withdrawal of an unfinished request until the next request.
  private var isAbandoning = false
  /// The number of environments of the current or last request.
  private var environmentCount = 1
  /// The last observed progress of the process, and its time.
  private var watch = (progress: EvaluationMemory.Progression(), since: UInt64(0))

  /// Seconds that the process has to leave after the request to stop, and again after SIGTERM.
  private static let timeToLeave = 1.0

  /// Creates the shared memory and starts the process.
  ///
  /// - Parameters:
  ///   - environment: the environment to play.
  ///   - policy: the policy, which must be registered.
  ///   - weightCount: the number of floats in the policy's weights.
  ///   - seed: the root of every random stream.
  ///   - episodeCapacity: the largest number of episodes of a request.
  ///   - informationNames: the names of the results of information.
  ///   - processes: the program to start, and the receiver of logs.
  /// - Throws: `RunMemoryError` if shared memory is short, `WorkerStartError`, `SystemError`.
  init(
    environment: EnvironmentConfiguration, policy: any Policy, weightCount: Int, seed: UInt64,
    episodeCapacity: Int, informationNames: [String], processes: WorkerProcesses
  ) throws {
    description = EvaluationDescription(
      environment: environment, policy: PolicyRegistry.encode(policy), seed: seed)
    memory = try EvaluationMemory(
      creating: weightCount, episodeCapacity: episodeCapacity,
      informationCount: informationNames.count, description: description.encoded)
    self.informationNames = informationNames
    self.processes = processes
    try start()
  }

  deinit { close() }

  private func start() throws(WorkerStartError) {
    let process = try WatchedProcess(
      WorkerArguments(.evaluations, descriptor: memory.descriptor, incarnation: incarnation),
      processes)
    self.process = process
    watch = (EvaluationMemory.Progression(), SystemCalls.monotonicNanoseconds())
    (entries[0], entries[1]) = process.pollEntries
  }

  // MARK: Requests and results

  /// Requests episodes and replaces any earlier request.
  ///
  /// - Parameters:
  ///   - weights: the weights to evaluate; copied.
  ///   - episodes: the numbers of the episodes.
  ///   - choice: `.sample` to draw actions, `.greedy` to take the likeliest.
  /// - Throws: `WorkerStartError` if the process is gone and cannot be replaced.
  func request(
    _ weights: FlatVector<Float>, episodes: Range<Int>, choice: ActionChoice
  ) throws(WorkerStartError) {
    memory.request(episodes, samples: choice == .sample, weights: weights.span)
    request = episodes
    isAbandoning = false
    environmentCount = max(environmentCount, EpisodePlayer.parts(of: episodes).first?.count ?? 1)
    deaths = EvaluationDeathCounts()
    watch = (EvaluationMemory.Progression(), SystemCalls.monotonicNanoseconds())
    if process == nil { try replace() }
    process?.bell.ring()
  }

  /// Withdraws the current request.
  func withdraw() {
    isAbandoning = isBusy
    memory.withdraw()
    request = nil
  }

  /// Returns the result of the current request once; nil if it is not complete.
  func take() -> EvaluationResult? {
    guard let request, memory.isFinished else { return nil }
    self.request = nil
    var result = EvaluationResult(episodeCount: request.count)
    for index in 0..<request.count {
      guard let episode = memory.episode(at: index) else {
        preconditionFailure("episode \(index) is missing in an evaluation that is finished")
      }
      result.set(index, episode, informationNames)
    }
    return result
  }

  /// Forwards the log of the process, and replaces it if it has died or hangs.
  ///
  /// - Parameter timeoutMilliseconds: the maximum wait for an event.
  /// - Throws: `EvaluationDeath` if the process keeps dying, `WorkerStartError` if it cannot be
  ///   replaced.
  func attend(timeoutMilliseconds: Int32 = 0) throws {
    guard let process else { return }
    killIfHung(process)
    guard try SystemCalls.poll(&entries, timeoutMilliseconds: timeoutMilliseconds) > 0
    else { return }
    if entries[1].revents != 0 { process.forwardLog(&entries[1]) }
    if entries[0].revents != 0, !process.output.drain() { try replaceDead(process) }
  }

  // MARK: Deaths

  /// True while a request is not finished.
  var isBusy: Bool { request != nil && !memory.isFinished }

  private func killIfHung(_ process: WatchedProcess) {
    guard let hangTimeoutSeconds = processes.hangTimeoutSeconds, isBusy, !process.isHung else {
      return
    }
    let (now, progress) = (SystemCalls.monotonicNanoseconds(), memory.progress)
    if progress != watch.progress { watch = (progress, now) }
    guard Double(now - watch.since) / 1e9 >= hangTimeoutSeconds else { return }
    process.killAsHung()
  }

  /// Starts a new process in place of a dead one.
  private func replaceDead(_ process: WatchedProcess) throws {
    let isBusy = isBusy
    var death = bury(process)
    self.process = nil
    // A signal to the whole process group ends this process too, which is not its fault.
    if processes.isInterrupted() { throw Interrupted() }
    guard isBusy else {
      processes.say("\(death); it is replaced at the next evaluation")
      return
    }
    // A replacement would fail in the same way.
    if case .exited(RunDescription.refusalCode) = death.cause { throw death }
    deaths.note(finishedCount: finishedCount, isFromOutside: death.cause.mayComeFromOutside)
    if deaths.isHopeless {
      death.deathCount = deaths.deathCount
      throw death
    }
    processes.say("\(death); it is replaced")
    try replace()
  }

  private func replace() throws(WorkerStartError) {
    incarnation += 1
    memory.prepareReplacement(beginningWith: firstMissingPart)
    try start()
  }

  /// The number of episodes of the request with a result.
  var finishedCount: Int {
    (0..<(request?.count ?? 0)).count { memory.episode(at: $0) != nil }
  }

  /// The first episode of the first incomplete part.
  private var firstMissingPart: Int {
    guard let episodes = request else { return 0 }
    let missing = EpisodePlayer.parts(of: episodes).first { part in
      part.contains { memory.episode(at: $0 - episodes.lowerBound) == nil }
    }
    return missing?.lowerBound ?? episodes.upperBound
  }

  /// Waits until the process is dead and reaped, and returns a description of its death.
  private func bury(_ process: WatchedProcess) -> EvaluationDeath {
    let place = place
    let (cause, lastWords) = process.bury()
    return EvaluationDeath(
      pid: process.child.pid, incarnation: incarnation, environment: "\(description.environment)",
      seed: description.seed, cause: cause, place: place, lastWords: lastWords)
  }

  /// The activity of the process in words, with episodes counted from 1; empty if there is none.
  var place: String {
    let progress = memory.progress
    guard let position = progress.position, let episode = progress.episode else { return "" }
    let number = episode - (request?.lowerBound ?? 0) + 1
    return switch position.activity {
    case .stepping: "in episode \(number) at step \(position.step)"
    case .starting: "while starting the Python of its environments"
    case .making: "while making the environment of episode \(number)"
    case .resetting: "while resetting the environment of episode \(number)"
    case .closing: "while closing the environment of episode \(number)"
    }
  }

  // MARK: Closing

  /// Asks the process to stop, without waiting for it.
  func beginClosing() {
    memory.withdraw()
    memory.stopping = true
    process?.bell.ring()
  }

  /// Ends the process: asks it to stop, then sends SIGTERM and SIGKILL if it does not.
  ///
  /// Repeated calls have no effect.
  func close() {
    guard let process else { return }
    isAbandoning = isAbandoning || isBusy
    beginClosing()
    if !awaitLeave(of: process) { process.child.send(SIGTERM) }
    // A stopped process does not handle SIGTERM, but SIGKILL ends it.
    if !awaitEnd(of: process, seconds: Self.timeToLeave) { process.child.sendToGroup(SIGKILL) }
    _ = awaitEnd(of: process, seconds: 10)
    process.flushLog()
    self.process = nil
  }

  /// Waits until the process has left; returns false after the time limit.
  ///
  /// A process in the middle of an episode has one second to finish the step. Closing may take
  /// `--close-timeout` per environment. The process itself kills an environment that takes longer,
  /// and has three more seconds for that.
  private func awaitLeave(of process: WatchedProcess) -> Bool {
    if isAbandoning {
      if awaitEnd(of: process, seconds: Self.timeToLeave) { return true }
      guard memory.progress.position?.activity == .closing else { return false }
    }
    let perEnvironment = processes.closeTimeoutSeconds ?? 1e9
    return awaitEnd(
      of: process, seconds: Self.timeToLeave + 3 + perEnvironment * Double(environmentCount))
  }

  /// Waits for the end and forwards the log, since a process with a full log cannot end.
  private func awaitEnd(of process: WatchedProcess, seconds: Double) -> Bool {
    let limit = SystemCalls.monotonicNanoseconds() + UInt64(seconds * 1e9)
    while true {
      process.forwardLog(&entries[1])
      let now = SystemCalls.monotonicNanoseconds()
      let left = now < limit ? Double(limit - now) / 1e9 : 0
      // A process with closed output is about to end.
      let isLeaving = entries[0].fd < 0
      if process.child.waitForEnd(seconds: isLeaving ? left : 0) != nil { return true }
      if left == 0 { return false }
      _ = try? SystemCalls.poll(&entries, timeoutMilliseconds: Int32(min(left, 0.1) * 1000) + 1)
      if entries[0].revents != 0, !process.output.drain() { entries[0].fd = -1 }
    }
  }
}
