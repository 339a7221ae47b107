import Foundation
import Glibc
import Learner
import Rollout

/// Trains the runs of an experiment, several at once.
final class ExperimentRunner {
  private let experiment: Experiment
  let directory: URL
  private let lock: RunLock
  private let line: ProgressLine
  private let began = SystemCalls.monotonicNanoseconds()
  /// The results so far, in the order of the experiment's runs.
  private(set) var results: [ExperimentResult]
  private var active: [Int: ExperimentProcess] = [:]
  private var newest = NewestEvaluation()

  /// Creates or opens the directory of an experiment, and reads the results in it.
  init(_ experiment: Experiment, isQuiet: Bool) throws {
    self.experiment = experiment
    line = ProgressLine(quiet: isQuiet, plainIntervalSeconds: 10)
    let first = experiment.runs[0].configuration
    let url =
      if let path = experiment.directory {
        try Self.open(URL(fileURLWithPath: path, isDirectory: true))
      } else {
        try RunDirectory.createExperiment(
          environment: first.environment.id, algorithm: first.algorithm.name)
      }
    directory = url
    lock = try Self.lock(url)
    results = experiment.runs.map { run in
      ExperimentResult(
        run, RunDirectory(existing: url.appendingPathComponent(run.name, isDirectory: true)))
    }
    for result in results { try Self.check(result) }
    try ExperimentReport(results, in: url).write()
  }

  private static func lock(_ url: URL) throws(RecordError) -> RunLock {
    do {
      return try RunLock(RunDirectory(existing: url))
    } catch {
      guard error.code == .occupied else { throw error }
      throw RecordError(
        .occupied, path: url.relativePath,
        "another process trains the experiment in '\(url.relativePath)'; stop it first")
    }
  }

  /// Creates a directory, or accepts one that is empty or of an experiment.
  private static func open(_ url: URL) throws(RecordError) -> URL {
    try RunDirectory.createWithParents(url)
    let names = FileLookup.entries(of: url.path).filter { !$0.hasPrefix(".") }
    guard let name = names.first, FileLookup.kind(RunDirectory.experiment(in: url).path) != .file
    else { return url }
    throw RecordError(
      .occupied, path: url.relativePath,
      "'\(url.relativePath)' is not empty (it has '\(name)') and holds no experiment;"
        + " name a new or an empty directory with --run-dir")
  }

  /// Refuses a run that has other options than those of the experiment, or that is active.
  private static func check(_ result: ExperimentResult) throws(RecordError) {
    guard let overview = result.overview else { return }
    let path = result.directory.path
    guard overview.state != .running else {
      throw RecordError(
        .occupied, path: path, "the run '\(path)' is active in another process; stop it first")
    }
    guard let recorded = overview.configuration else {
      throw RecordError(
        .occupied, path: path, "the config.json of '\(path)' cannot be read; move the run away")
    }
    let own = result.run.configuration
    for setting in TrainingConfiguration.settings {
      let isDrawn = setting.name == "seed" && own.seed == nil
      guard setting.name != "run-dir", !isDrawn, setting.read(recorded) != setting.read(own)
      else { continue }
      throw RecordError(
        .occupied, path: path,
        "'\(path)' holds a run with --\(setting.name) \(setting.read(recorded).text) and not "
          + "\(setting.read(own).text); give the options of the experiment, or another --run-dir")
    }
  }

  var exitCode: Int32 {
    if let signal = Interruption.requested { return 128 + signal }
    return results.allSatisfy { $0.state == .done } ? 0 : 1
  }

  // MARK: Training

  /// Trains the runs that have no result yet, until they end or a signal asks to stop.
  func train(jobCount: Int) {
    var waiting = results.indices.filter { !results[$0].isFinal }
    while true {
      if Interruption.requested != nil { waiting = [] }
      while active.count < jobCount, let next = waiting.first {
        waiting.removeFirst()
        start(next)
      }
      guard !active.isEmpty else { break }
      attend()
      showProgress(waitingCount: waiting.count)
    }
    line.clear()
  }

  private func start(_ index: Int) {
    let (run, directory) = (results[index].run, results[index].directory)
    let isKept = results[index].overview != nil
    let resumes = isKept && FileLookup.kind(directory.state.path) == .file
    do {
      // A run that was killed before its first save has nothing to keep.
      if isKept, !resumes { try FileManager.default.removeItem(at: directory.url) }
      active[index] = try ExperimentProcess(
        run, in: directory, resumes: resumes, say: { [line] in line.note($0) })
      (results[index].state, results[index].error) = (.running, nil)
    } catch {
      (results[index].state, results[index].error) = (.failed, "\(error)")
      line.note("\(run.name) failed: \(error)")
    }
  }

  /// Waits a moment for output, passes it on, and notes the ends of runs.
  private func attend() {
    var entries = active.values.flatMap(\.descriptors).map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    _ = try? SystemCalls.poll(&entries, timeoutMilliseconds: 100)
    let isStopping = Interruption.requested != nil
    for (index, process) in active.sorted(by: { $0.key < $1.key }) {
      if isStopping { process.stop() }
      guard let ending = process.attend() else { continue }
      active[index] = nil
      results[index] = process.result(ending, isStopping: isStopping)
      if let error = results[index].error {
        line.note("\(process.run.name) \(results[index].state?.rawValue ?? ""): \(error)")
      }
      do throws(RecordError) {
        try ExperimentReport(results, in: directory).write()
      } catch {
        line.note("\(error)")
      }
    }
  }

  private func showProgress(waitingCount: Int) {
    let seconds = Double(SystemCalls.monotonicNanoseconds() - began) / 1e9
    guard line.isDue(secondsElapsed: seconds) else { return }
    newest.look(at: active.values, secondsElapsed: seconds)
    let done = results.count(where: \.isFinal)
    let evaluation = newest.text.map { "; evaluation \($0)" } ?? ""
    line.update(
      "\(NumberText.duration(seconds))  \(done)/\(results.count) done, \(active.count) active, "
        + "\(waitingCount) waiting\(evaluation)", secondsElapsed: seconds)
  }
}

/// The newest evaluation of the active runs, read from the ends of their metrics.
private struct NewestEvaluation {
  /// The return with the steps and the name of the run.
  private(set) var text: String?

  private var known: [String: Int] = [:]
  private var lastLook = -Double.infinity

  private struct Line: Decodable {
    var eval_return: Double
    var eval_env_steps: Int
  }

  /// Reads the metrics, at most once per second.
  mutating func look(at processes: some Sequence<ExperimentProcess>, secondsElapsed: Double) {
    guard secondsElapsed - lastLook >= 1 else { return }
    lastLook = secondsElapsed
    for process in processes {
      let name = process.run.name
      guard let line = Self.last(in: process.directory.metrics), line.eval_env_steps != known[name]
      else { continue }
      known[name] = line.eval_env_steps
      let mean = NumberText.fixed(line.eval_return, 1)
      text = "\(mean) of \(name) at \(NumberText.grouped(line.eval_env_steps)) steps"
    }
  }

  /// Returns the last evaluation in the last 64 KiB of a file of metrics.
  private static func last(in url: URL) -> Line? {
    guard let file = FileHandle(reading: url), let end = try? file.seekToEnd(),
      (try? file.seek(toOffset: end > 1 << 16 ? end - 1 << 16 : 0)) != nil,
      let bytes = try? file.readToEnd()
    else { return nil }
    let key = Data("\"eval_return\"".utf8)
    for line in bytes.split(separator: UInt8(ascii: "\n")).reversed() where line.contains(key) {
      if let line = try? JSONDecoder().decode(Line.self, from: line) { return line }
    }
    return nil
  }
}
