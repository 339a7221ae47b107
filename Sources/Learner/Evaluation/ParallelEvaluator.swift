public import Actor
import Glibc
public import Rollout

/// An evaluation's result and the weights that were evaluated.
public struct Evaluation: Sendable, Equatable {
  /// The return and length of each episode, in the order of their numbers.
  public var result: EvaluationResult
  /// The policy version of the weights.
  public var policyVersion: Int
  /// The environment steps that the weights had learned from.
  public var steps: Int
}

/// Plays evaluations in processes of their own while the caller goes on training.
///
/// ```swift
/// let evaluator = try ParallelEvaluator(
///   environment: "CartPole-v1", policy: policy, episodeCount: 20, seed: 7)
/// for turn in 1...10_000 {
///   update.learn(from: try rollout.next())
///   rollout.publish(update.weights)
///   if turn % 100 == 0, let evaluation = try evaluator.next(update.weights) {
///     print(evaluation.result.medianReturn)
///   }
/// }
/// ```
///
/// The episodes are divided over the processes. Their results do not depend on the number of
/// processes, since episode i has its own random streams. A process that dies or hangs is replaced,
/// and the result stays the same. All calls belong to one thread.
public final class ParallelEvaluator {
  private let processes: [EvaluationProcess]
  private let options: WorkerProcesses
  private let episodeCount: Int
  private let choice: ActionChoice
  /// The weights being evaluated and the number of their episodes; nil between rounds.
  private var round: (policyVersion: Int, steps: Int, episodeCount: Int)?
  /// The results of processes that have finished their share of the round.
  private var shares: [EvaluationResult?]

  /// Starts the processes.
  ///
  /// - Parameters:
  ///   - environment: the environment to play, with its options and wrappers.
  ///   - policy: the policy, which must be registered.
  ///   - episodeCount: the number of episodes of a round.
  ///   - choice: the rule of choosing an action: the likeliest one, or one drawn from the policy.
  ///   - processCount: the number of processes.
  ///   - seed: the random seed of all episodes.
  ///   - processes: the program to start and the receiver of its messages.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`, `PolicyError`,
  ///   `RunMemoryError` if shared memory is short, `WorkerStartError`.
  public convenience init(
    environment: EnvironmentConfiguration, policy: any Policy, episodeCount: Int = 20,
    choice: ActionChoice = .greedy, processCount: Int = 1, seed: UInt64,
    processes: WorkerProcesses = WorkerProcesses()
  ) throws {
    try PolicyRegistry.check(policy)
    let player = EpisodePlayer(environment: environment, policy: policy, seed: seed)
    let spaces = try environment.spaces()
    try self.init(
      environment: environment, policy: policy, spaces: spaces,
      weightCount: player.expect(spaces).elementCount, seed: seed,
      episodeCount: episodeCount, episodeCapacity: episodeCount, choice: choice,
      processCount: processCount, processes: processes)
  }

  /// Starts the processes for a policy with a known number of weights.
  ///
  /// - Parameter episodeCapacity: the largest number of episodes of a request.
  init(
    environment: EnvironmentConfiguration, policy: any Policy, spaces: EnvironmentSpaces,
    weightCount: Int, seed: UInt64, episodeCount: Int, episodeCapacity: Int, choice: ActionChoice,
    processCount: Int,
    processes: WorkerProcesses
  ) throws {
    precondition(processCount > 0 && episodeCount > 0, "no process or no episode")
    self.episodeCount = episodeCount
    self.choice = choice
    options = processes
    // No process stays without an episode.
    let count = min(processCount, episodeCapacity)
    self.processes = try (0..<count).map { _ in
      try EvaluationProcess(
        environment: environment, policy: policy, weightCount: weightCount, seed: seed,
        episodeCapacity: (episodeCapacity + count - 1) / count,
        informationNames: EpisodeInformation.names(of: spaces.information), processes: processes)
    }
    shares = Array(repeating: nil, count: self.processes.count)
  }

  /// Divides episodes into at most `count` shares that differ by at most one episode.
  private static func shares(of episodes: Range<Int>, count: Int) -> [Range<Int>] {
    let count = min(count, episodes.count)
    return (0..<count).map { index in
      let first = episodes.lowerBound + episodes.count * index / count
      let last = episodes.lowerBound + episodes.count * (index + 1) / count
      return first..<last
    }
  }

  // MARK: Rounds

  /// Begins the next round, and returns the result of the round before.
  ///
  /// The call waits until the round before is complete.
  ///
  /// - Parameters:
  ///   - weights: the weights to evaluate; copied.
  ///   - policyVersion: the version of the weights, returned with the result.
  ///   - steps: the environment steps that they have learned from, returned with the result.
  /// - Returns: nil in the first call, and after ``finish()``.
  /// - Throws: `EvaluationDeath` if a process keeps dying, `WorkerStartError` if one cannot be
  ///   replaced, `Interrupted`.
  public func next(
    _ weights: FlatVector<Float>, policyVersion: Int = 0, steps: Int = 0
  ) throws -> Evaluation? {
    let former = try finish()
    try request(
      weights, policyVersion: policyVersion, steps: steps, episodes: 0..<episodeCount)
    return former
  }

  /// Waits for the round that was begun last, and returns its result; nil if there is none.
  ///
  /// - Throws: the errors of ``next(_:policyVersion:steps:)``.
  public func finish() throws -> Evaluation? { round == nil ? nil : try wait() }

  /// Requests episodes and replaces any earlier request.
  ///
  /// - Throws: `WorkerStartError` if a process is gone and cannot be replaced.
  func request(
    _ weights: FlatVector<Float>, policyVersion: Int, steps: Int, episodes: Range<Int>
  ) throws(WorkerStartError) {
    withdraw()
    round = (policyVersion, steps, episodes.count)
    let ranges = Self.shares(of: episodes, count: processes.count)
    for (index, process) in processes.enumerated() {
      if index < ranges.count {
        shares[index] = nil
        try process.request(weights, episodes: ranges[index], choice: choice)
      } else {
        shares[index] = EvaluationResult(episodeCount: 0)
      }
    }
  }

  /// Returns the result of the current round once; nil if it is not complete.
  func take() -> Evaluation? {
    guard let round else { return nil }
    for (index, process) in processes.enumerated() where shares[index] == nil {
      shares[index] = process.take()
      if shares[index] == nil { return nil }
    }
    self.round = nil
    var result = EvaluationResult(episodeCount: 0)
    for share in shares.compactMap(\.self) { result.append(share) }
    return Evaluation(
      result: result, policyVersion: round.policyVersion, steps: round.steps)
  }

  /// Waits for the result of the current round.
  ///
  /// - Parameter meanwhile: called repeatedly during the wait.
  /// - Throws: the errors of ``next(_:policyVersion:steps:)``, or an error of `meanwhile`. The
  ///   round is then withdrawn.
  func wait(meanwhile: () throws -> Void = {}) throws -> Evaluation {
    var report = DelayedReport()
    do {
      while true {
        if let evaluation = take() { return evaluation }
        if options.isInterrupted() { throw Interrupted() }
        // The timeout is for signals and `meanwhile`; a bell or a death ends the wait at once.
        try attend(timeoutMilliseconds: 50)
        try meanwhile()
        if let seconds = report.secondsIfDue() { options.say(whereabouts(after: seconds)) }
      }
    } catch {
      withdraw()
      throw error
    }
  }

  private func whereabouts(after seconds: Int) -> String {
    let finishedCount = zip(processes, shares).reduce(0) { sum, part in
      sum + (part.1?.returns.count ?? part.0.finishedCount)
    }
    let place = processes.first { $0.isBusy }?.place ?? ""
    return DelayedReport.sentence(seconds, finishedCount, of: round?.episodeCount ?? 0)
      + (place.isEmpty ? "" : ", \(place)")
  }

  /// Forwards the logs of the processes, and replaces those that have died or hang.
  ///
  /// - Parameter timeoutMilliseconds: the maximum wait for an event.
  /// - Throws: `EvaluationDeath` if a process keeps dying, `WorkerStartError` if it cannot be
  ///   replaced.
  func attend(timeoutMilliseconds: Int32 = 0) throws {
    // One wait is enough: the loop of a waiting caller comes back to the others.
    let waiting = processes.firstIndex { $0.isBusy }
    for (index, process) in processes.enumerated() {
      try process.attend(timeoutMilliseconds: index == waiting ? timeoutMilliseconds : 0)
    }
  }

  private func withdraw() {
    guard round != nil else { return }
    round = nil
    for process in processes { process.withdraw() }
  }

  // MARK: Closing

  /// Asks the processes to stop, without waiting for them.
  func beginClosing() { for process in processes { process.beginClosing() } }

  /// Ends the processes; repeated calls have no effect.
  public func close() {
    beginClosing()
    for process in processes { process.close() }
  }
}

extension EvaluationResult {
  /// Appends the episodes of another result.
  fileprivate mutating func append(_ other: EvaluationResult) {
    returns += other.returns
    lengths += other.lengths
    truncatedCount += other.truncatedCount
    unfinishedCount += other.unfinishedCount
    for (name, results) in other.information { information[name, default: []] += results }
  }
}
