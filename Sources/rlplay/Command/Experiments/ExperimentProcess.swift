import Foundation
import Glibc
import Learner
import Rollout

/// The process of a run of an experiment, with its output in a file of the run's directory.
final class ExperimentProcess {
  /// The run that it trains.
  let run: ExperimentRun
  /// The directory of the run.
  let directory: RunDirectory

  private let child: ChildProcess
  private let say: (String) -> Void
  private let file: Descriptor
  private var log = ProcessLog()
  /// The lines of an error that ended the run.
  private var lastWords: [String] = []
  private var canWrite = true

  /// Starts a process.
  ///
  /// - Parameters:
  ///   - run: the run to train.
  ///   - directory: the directory of the run, which is created.
  ///   - resumes: true to resume the run from its last save.
  ///   - say: receives messages of the run.
  /// - Throws: `RecordError` if the file of the output cannot be written; the errors of
  ///   `ChildProcess`.
  init(
    _ run: ExperimentRun, in directory: RunDirectory, resumes: Bool,
    say: @escaping (String) -> Void
  ) throws {
    self.run = run
    self.directory = directory
    self.say = say
    try RunDirectory.createWithParents(directory.url)
    do {
      // A pipe without a reader is an error instead of a wait.
      file = try SystemCalls.open(
        directory.output.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK,
        mode: 0o666)
    } catch {
      throw RecordError(cannot: "write", path: directory.output.relativePath, error.code)
    }
    let words =
      resumes
      ? ["train", "--resume", directory.path] + Self.consent(to: run.configuration.environment)
      : run.words + ["--run-dir", directory.path]
    child = try ChildProcess(
      executable: SystemCalls.ownProgram, arguments: words + ["--quiet", "--stop-with-input"],
      defaults: ["SWIFT_BACKTRACE": "enable=no"])
    try SystemCalls.setNonBlocking(child.output)
  }

  /// Returns the options that let a resumed run start the environment of the command line.
  private static func consent(to environment: EnvironmentConfiguration) -> [String] {
    ["--env", environment.id]
      + (environment.python == EnvironmentConfiguration.usualPython
        ? [] : ["--python", environment.python])
  }

  /// The descriptors to poll for output.
  var descriptors: [Int32] { [child.output, child.log].filter { !closed.contains($0) } }

  private var closed: Set<Int32> = []

  /// Asks the run to save and end; it does so as well if this process dies.
  func stop() { child.closeInput() }

  /// Passes the available output on, without waiting.
  ///
  /// - Returns: the end of the process; nil while it runs.
  func attend() -> ChildProcess.Ending? {
    let ending = child.waitForEnd(seconds: 0)
    for descriptor in descriptors {
      let isOpen = child.take(from: descriptor) { bytes in
        write(bytes)
        if descriptor == child.log { log.take(bytes) { note($0) } }
      }
      if !isOpen { closed.insert(descriptor) }
    }
    if ending != nil { log.flush { note($0) } }
    return ending
  }

  /// Shows a message; an error that ends the run is kept for the table.
  private func note(_ line: String) {
    if lastWords.isEmpty, !line.hasPrefix("Error: ") {
      say("\(run.name): \(line)")
    } else {
      lastWords.append(line)
    }
  }

  private func write(_ bytes: [UInt8]) {
    guard canWrite else { return }
    do {
      try file.writeAll(bytes)
    } catch {
      canWrite = false
      say("\(run.name): cannot write '\(directory.output.relativePath)': \(error)")
    }
  }

  /// Returns the result of the run after its process has ended.
  ///
  /// - Parameter isStopping: true if the run was asked to end.
  func result(_ ending: ChildProcess.Ending, isStopping: Bool) -> ExperimentResult {
    var result = ExperimentResult(run, directory)
    switch ending {
    case .killed(let signal):
      // Before it can handle signals, a process is killed by them.
      result.state = isStopping ? .interrupted : .failed
      result.error = isStopping ? nil : "its process was ended by \(signalName(signal))"
    case .exited(let code) where (StopSignals.requests + StopSignals.notices).contains(code - 128):
      result.state = .interrupted
    case .exited(0):
      result.state = .done
    case .exited(let code):
      // A run that misses its target return is done, with another exit code than 0.
      if let state = result.state, [.done, .diverged, .failed].contains(state) { break }
      result.state = .failed
      let reason = lastWords.first.map { String($0.dropFirst("Error: ".count)) }
      result.error = reason ?? "its process ended with exit code \(code)"
    }
    return result
  }
}
