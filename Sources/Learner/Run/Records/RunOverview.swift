public import Foundation
import Rollout

/// The state of a run and its results so far, read from its directory.
public struct RunOverview: Sendable {
  /// The state of a run.
  public enum State: String, Sendable, Decodable {
    /// A process trains in the directory.
    case running
    /// All steps were made, or the target return was reached.
    case done
    /// A signal or the death of the learner ended it; it can be resumed.
    case interrupted
    /// Its loss or weights were not finite any more, or grew without limit.
    case diverged
    /// Another error ended it.
    case failed
  }

  /// The run's directory.
  public let directory: RunDirectory
  /// The state of the run.
  public let state: State
  /// The sentence of the error that ended the run; nil without one.
  public let error: String?
  /// The options of the run; nil if `config.json` cannot be read.
  public let configuration: TrainingConfiguration?
  /// The environment steps learned from; nil if neither metrics nor a checkpoint tell them.
  public let steps: Int?
  /// The mean return of the last evaluation in the metrics, if there is one.
  public let lastReturn: Double?
  /// The largest mean return of an evaluation in the metrics, if there is one.
  public let bestReturn: Double?
  /// The seconds of the run at the last record, without the time between its parts.
  package let seconds: Double?
  /// The environment steps and seconds at which the run reached its target return, if it did.
  package let reached: (steps: Int, seconds: Double)?

  /// Returns the runs in a directory, the newest first, as ``RunDirectory/all(in:)`` finds them.
  public static func all(in parent: URL = RunDirectory.defaultParent) -> [RunOverview] {
    RunDirectory.all(in: parent).map { RunOverview(of: $0) }
  }

  /// Returns the state of a run, and the sentence of the error that ended it if there was one.
  package static func state(of directory: RunDirectory) -> (State, error: String?) {
    let (state, ending) = ending(of: directory)
    return (state, ending?.error)
  }

  private static func ending(of directory: RunDirectory) -> (State, RunEnding?) {
    // The lock comes first: it is released after the ending is written.
    guard !RunLock.isHeld(in: directory) else { return (.running, nil) }
    let ending = RunEnding.read(from: directory)
    // A learner that was killed leaves neither a lock nor an ending.
    return (ending?.state ?? .interrupted, ending)
  }

  /// Reads the files of a run; what cannot be read is left out.
  public init(of directory: RunDirectory) {
    self.directory = directory
    let ending: RunEnding?
    (state, ending) = Self.ending(of: directory)
    error = ending?.error
    configuration = try? TrainingConfiguration(contentsOf: directory.configuration.path)
    let metrics = RecordedMetrics(of: directory)
    lastReturn = metrics.lastReturn
    bestReturn = metrics.bestReturn
    seconds = metrics.seconds
    reached = ending?.hasReachedReturn == true ? metrics.lastEvaluation : nil
    let checkpoint =
      metrics.steps == nil ? try? Checkpoint.load(from: directory.lastCheckpoint) : nil
    steps =
      metrics.steps
      ?? checkpoint?.metadata[Checkpoint.Key.environmentSteps].flatMap { Int($0) }
  }
}

/// The results in `metrics.jsonl` that an overview shows.
private struct RecordedMetrics {
  private(set) var steps: Int?
  private(set) var seconds: Double?
  private(set) var lastReturn: Double?
  private(set) var lastEvaluation: (steps: Int, seconds: Double)?
  private(set) var bestReturn: Double?

  /// The number of bytes that are read; the rest of a larger file is left out.
  private static let largestByteCount = 1 << 28

  private struct Line: Decodable {
    var env_steps: Int?
    var seconds: Double?
    var eval_env_steps: Int?
    var eval_return: Double?
  }

  /// Reads the lines of evaluations and the last line; lines of other content are skipped.
  init(of directory: RunDirectory) {
    guard
      let bytes = try? SystemCalls.contents(
        of: directory.metrics.path, atMost: Self.largestByteCount)
    else { return }
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    let key = Array("\"eval_return\"".utf8)
    for (index, line) in lines.enumerated()
    where index == lines.count - 1 || line.firstRange(of: key) != nil {
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(line)) else { continue }
      steps = line.env_steps ?? steps
      seconds = line.seconds ?? seconds
      guard let mean = line.eval_return else { continue }
      lastReturn = mean
      if let steps = line.eval_env_steps ?? line.env_steps, let seconds = line.seconds {
        lastEvaluation = (steps, seconds)
      }
      bestReturn = max(mean, bestReturn ?? mean)
    }
  }
}

/// The end of a run as `ending.json` records it.
struct RunEnding: Decodable {
  /// The state of the run since then.
  var state: RunOverview.State
  /// The sentence of the error that ended it; nil without one.
  var error: String?
  /// True if the run reached its target return; nil if it had none, or in older files.
  var hasReachedReturn: Bool?

  private enum CodingKeys: String, CodingKey {
    case state, error
    case hasReachedReturn = "reached_return"
  }

  /// Writes the file; a failure leaves the run without it, as if it had been killed.
  func write(to directory: RunDirectory) {
    var object = OrderedJSON()
    object.set("state", state.rawValue)
    object.set("error", error)
    object.set("reached_return", hasReachedReturn)
    try? AtomicFile.write(Data((object.encoded() + "\n").utf8), to: directory.ending)
  }

  /// Reads the file; nil if there is none, or none that can be read.
  static func read(from directory: RunDirectory) -> RunEnding? {
    guard let data = try? SystemCalls.contents(of: directory.ending.path, atMost: 1 << 16) else {
      return nil
    }
    return try? JSONDecoder().decode(RunEnding.self, from: Data(data))
  }
}
