import Foundation
import Glibc
import Rollout

/// The directory of a run's files: configuration, metrics, checkpoints.
public struct RunDirectory: Equatable, Sendable {
  /// The default parent directory of runs.
  public static let defaultParent = URL(fileURLWithPath: "runs", isDirectory: true)

  /// The directory's URL.
  public let url: URL

  /// Creates a value for a directory, without checking that it exists.
  public init(existing url: URL) {
    self.url = url
  }

  /// The resolved options; a directory with this file is a run.
  public var configuration: URL { url.appendingPathComponent("config.json") }
  /// The metrics, one JSON object per line.
  public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
  /// The metrics as comma-separated values.
  var metricsTable: URL { url.appendingPathComponent("metrics.csv") }
  /// The event files of TensorBoard, oldest first.
  var eventFiles: [URL] {
    FileLookup.entries(of: url.path).filter { $0.hasPrefix(EventFile.prefix) }
      .map { url.appendingPathComponent($0) }
  }
  /// The end of the run, if it came to one.
  var ending: URL { url.appendingPathComponent("ending.json") }
  /// The output of the run's process, written by the experiment that it belongs to.
  package var output: URL { url.appendingPathComponent(Self.outputName) }
  /// The folder of checkpoints.
  package var checkpoints: URL { url.appendingPathComponent("checkpoints", isDirectory: true) }
  /// The checkpoint with the newest parameters.
  public var lastCheckpoint: URL { checkpoints.appendingPathComponent("last.safetensors") }
  /// The checkpoint with the parameters of the best evaluation.
  public var bestCheckpoint: URL { checkpoints.appendingPathComponent("best.safetensors") }

  /// The complete state to resume the run from.
  public var state: URL { checkpoints.appendingPathComponent("state.safetensors") }

  /// The path in the form in which the user wrote it.
  public var path: String { url.relativePath }

  /// Rejects a run if a path that is written or deleted has another kind of file.
  ///
  /// A symbolic link would lead outside the run, and opening a pipe would block.
  ///
  /// - Throws: `RecordError` with the path and the expected kind.
  func refuseLinks() throws(RecordError) {
    func expect(_ kind: FileLookup.Kind, at url: URL) throws(RecordError) {
      guard let found = FileLookup.kind(url.path), found != kind else { return }
      let wanted = kind == .file ? "file" : "directory"
      let name = found == .link ? "a symbolic link" : "not a \(wanted)"
      throw RecordError(
        .occupied, path: url.relativePath,
        "'\(url.relativePath)' is \(name), and a run resumes only in its own files: "
          + "put the \(wanted) itself there, or remove it")
    }
    try expect(.directory, at: checkpoints)
    try expect(.file, at: configuration)
    for url in [metrics, metricsTable, ending] + eventFiles { try expect(.file, at: url) }
    for name in FileLookup.entries(of: checkpoints.path) where name.hasSuffix(".safetensors") {
      try expect(.file, at: checkpoints.appendingPathComponent(name))
    }
  }

  private static let outputName = "output.txt"

  /// Returns the file with the results of an experiment in its directory.
  package static func experiment(in url: URL) -> URL {
    url.appendingPathComponent("experiment.json")
  }

  // MARK: Creating

  /// Creates a directory named after the run and the current time.
  ///
  /// Runs that start within the same second get different directories, across processes too.
  ///
  /// - Throws: `RecordError` if it cannot be created or written into. Call this before training.
  public static func create(
    environment: String, algorithm: String, seed: UInt64, in parent: URL = defaultParent,
    at time: Date = Date()
  ) throws(RecordError) -> RunDirectory {
    let stamp = timeStamp(of: time)
    let name = directoryName(
      environment: environment, algorithm: algorithm, seed: seed, timeStamp: stamp)
    return try RunDirectory(existing: makeUnused(name, in: parent)).prepared()
  }

  /// Creates a directory for an experiment, named after its first run and the current time.
  ///
  /// - Throws: `RecordError` if it cannot be created.
  package static func createExperiment(
    environment: String, algorithm: String, in parent: URL = defaultParent
  ) throws(RecordError) -> URL {
    let stamp = timeStamp(of: Date())
    return try makeUnused(safeName("\(environment)-\(algorithm)-experiment-\(stamp)"), in: parent)
  }

  /// Creates a directory with a name, or with a number behind it if the name is taken.
  private static func makeUnused(_ name: String, in parent: URL) throws(RecordError) -> URL {
    try createWithParents(parent)
    var attempt = 1
    while true {
      let candidate = attempt == 1 ? name : "\(name)-\(attempt)"
      let url = parent.appendingPathComponent(candidate, isDirectory: true)
      // Creating the directory is the test for a free name: no two processes can both succeed.
      if try make(url) { return url }
      attempt += 1
    }
  }

  /// Uses a directory of the user's choice, which must be new or empty.
  ///
  /// Hidden files and `output.txt`, to which the output of the run may go already, do not count.
  ///
  /// - Throws: `RecordError` if it is not empty, or cannot be created or written into. Call this
  ///   before training.
  public static func create(at url: URL) throws(RecordError) -> RunDirectory {
    let run = RunDirectory(existing: url)
    if FileLookup.isDirectory(run.configuration.path) != nil {
      throw RecordError(
        .occupied, path: run.path,
        "'\(run.path)' already holds a run (it has a config.json);"
          + " name another directory with --run-dir, or move that one away")
    }
    // A start that failed halfway leaves an empty folder of checkpoints.
    let others = FileLookup.entries(of: url.path).filter { name in
      !name.hasPrefix(".") && name != outputName
        && !(name == "checkpoints" && FileLookup.entries(of: run.checkpoints.path).isEmpty)
    }
    if let first = others.first {
      throw RecordError(
        .occupied, path: run.path,
        "'\(run.path)' is not empty (it has '\(first)');"
          + " name a new or an empty directory with --run-dir")
    }
    try createWithParents(url)
    return try run.prepared()
  }

  /// Writes `config.json` atomically; a directory with this file is a run.
  ///
  /// - Parameter data: the options as `TrainingConfiguration.json` returns them.
  /// - Throws: `RecordError` if the file cannot be written.
  public func writeConfiguration(_ data: Data) throws(RecordError) {
    try AtomicFile.write(data, to: configuration)
  }

  /// Returns the name of a run's directory; characters unfit for a file name become `-`.
  static func directoryName(
    environment: String, algorithm: String, seed: UInt64, timeStamp: String
  ) -> String {
    safeName("\(environment)-\(algorithm)-\(seed)-\(timeStamp)")
  }

  private static func safeName(_ name: String) -> String {
    let safe = name.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        ? character : "-"
    }
    // A leading dot would hide the run.
    return safe.first == "." ? "-" + String(safe.dropFirst()) : String(safe)
  }

  private func prepared() throws(RecordError) -> RunDirectory {
    try RunDirectory.createWithParents(checkpoints)
    try AtomicFile.probe(directory: url)
    try AtomicFile.probe(directory: checkpoints)
    return self
  }

  /// Creates a directory and the directories above it, unless they exist.
  ///
  /// - Throws: `RecordError` if that fails.
  package static func createWithParents(_ url: URL) throws(RecordError) {
    switch FileLookup.isDirectory(url.path) {
    case true?: return
    case false?: throw RecordError(cannot: "create", path: url.relativePath, ENOTDIR)
    case nil: break
    }
    let parent = url.deletingLastPathComponent()
    if parent.path != url.path, FileLookup.isDirectory(parent.path) != true {
      try createWithParents(parent)
    }
    // Another process may have created the directory first; any other file is an error.
    if try !make(url), FileLookup.isDirectory(url.path) != true {
      throw RecordError(cannot: "create", path: url.relativePath, EEXIST)
    }
  }

  /// Creates one directory in an existing parent; returns false if the name is taken.
  private static func make(_ url: URL) throws(RecordError) -> Bool {
    do {
      return try SystemCalls.makeDirectory(url.path, mode: 0o777)
    } catch {
      throw RecordError(cannot: "create", path: url.relativePath, error.code)
    }
  }

  /// Returns the local time as yyyymmdd-hhmmss.
  private static func timeStamp(of time: Date) -> String {
    let parts = Calendar(identifier: .gregorian).dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: time)
    func text(_ value: Int?, _ width: Int) -> String {
      let digits = String(value ?? 0)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let day = text(parts.year, 4) + text(parts.month, 2) + text(parts.day, 2)
    return "\(day)-\(text(parts.hour, 2))\(text(parts.minute, 2))\(text(parts.second, 2))"
  }
}

// Periodic checkpoints, such as `step-25000.safetensors`.
extension RunDirectory {
  private static let stepPrefix = "step-"
  private static let suffix = ".safetensors"

  /// Returns the file of the checkpoint at an environment step.
  public func checkpoint(atStep steps: Int) -> URL {
    checkpoints.appendingPathComponent("\(Self.stepPrefix)\(steps)\(Self.suffix)")
  }

  /// The environment steps of the periodic checkpoints, in ascending order.
  package var keptSteps: [Int] {
    FileLookup.entries(of: checkpoints.path).compactMap { name in
      guard name.hasPrefix(Self.stepPrefix), name.hasSuffix(Self.suffix) else { return nil }
      return Int(name.dropFirst(Self.stepPrefix.count).dropLast(Self.suffix.count))
    }.sorted()
  }

  /// Deletes all periodic checkpoints except the newest `count`.
  func removeSteps(keeping count: Int) {
    for steps in keptSteps.dropLast(count) {
      try? SystemCalls.unlink(checkpoint(atStep: steps).path)
    }
  }

  /// Deletes the periodic checkpoints after an environment step.
  func removeSteps(beyond last: Int) {
    for steps in keptSteps where steps > last {
      try? SystemCalls.unlink(checkpoint(atStep: steps).path)
    }
  }
}
