import Foundation
import Glibc
import Rollout

/// The directory that holds all that a run leaves: configuration, metrics, checkpoints.
public struct RunDirectory: Equatable, Sendable {
  /// Where runs are put that are not told otherwise.
  public static let defaultParent = URL(fileURLWithPath: "runs", isDirectory: true)

  /// The directory itself.
  public let url: URL

  /// A run that is there already, or is claimed to be.
  public init(existing url: URL) {
    self.url = url
  }

  /// Every option as resolved; its presence is what makes a directory a run.
  public var configuration: URL { url.appendingPathComponent("config.json") }
  /// One JSON object per line.
  public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
  /// The folder of checkpoints.
  public var checkpoints: URL { url.appendingPathComponent("checkpoints", isDirectory: true) }
  /// The newest parameters.
  public var lastCheckpoint: URL { checkpoints.appendingPathComponent("last.safetensors") }
  /// The parameters of the best evaluation.
  public var bestCheckpoint: URL { checkpoints.appendingPathComponent("best.safetensors") }

  /// All that the run needs to go on.
  public var state: URL { checkpoints.appendingPathComponent("state.safetensors") }

  /// The path as the user would write it.
  public var path: String { url.relativePath }

  /// Refuses a run in which something else stands where files are written and deleted.
  ///
  /// A symbolic link would lead out of the run, and a pipe would never open.
  ///
  /// - Throws: ``RecordError`` with what stands where.
  func refuseLinks() throws(RecordError) {
    func expect(_ kind: FileLookup.Kind, at url: URL) throws(RecordError) {
      guard let found = FileLookup.kind(url.path), found != kind else { return }
      let wanted = kind == .file ? "file" : "directory"
      let name = found == .link ? "a symbolic link" : "no \(wanted)"
      throw RecordError(
        .occupied, path: url.relativePath,
        "'\(url.relativePath)' is \(name), and a run is resumed in its own files alone: "
          + "put the \(wanted) itself there, or remove it")
    }
    try expect(.directory, at: checkpoints)
    try expect(.file, at: configuration)
    try expect(.file, at: metrics)
    for name in FileLookup.entries(of: checkpoints.path) where name.hasSuffix(".safetensors") {
      try expect(.file, at: checkpoints.appendingPathComponent(name))
    }
  }

  // MARK: Creating

  /// Creates a directory named after the run and the present time.
  ///
  /// Of runs that start within one second, in whatever process, each gets a directory of its own.
  ///
  /// - Throws: ``RecordError`` when it cannot be created or written into; call this before training.
  public static func create(
    environment: String, algorithm: String, seed: UInt64, in parent: URL = defaultParent,
    at time: Date = Date()
  ) throws(RecordError) -> RunDirectory {
    let stamp = timeStamp(of: time)
    let name = directoryName(
      environment: environment, algorithm: algorithm, seed: seed, timeStamp: stamp)
    try createWithParents(parent)
    var attempt = 1
    while true {
      let candidate = attempt == 1 ? name : "\(name)-\(attempt)"
      let url = parent.appendingPathComponent(candidate, isDirectory: true)
      // Tells in one step whether the name was taken: so two processes cannot both have it.
      if try make(url) { return try RunDirectory(existing: url).prepared() }
      attempt += 1
    }
  }

  /// Uses a directory of the user's choice, which must be new or empty but for hidden files.
  ///
  /// - Throws: ``RecordError`` when it holds a run or anything else, or cannot be created or written
  ///   into; call this before training.
  public static func create(at url: URL) throws(RecordError) -> RunDirectory {
    let run = RunDirectory(existing: url)
    if FileLookup.isDirectory(run.configuration.path) != nil {
      throw RecordError(
        .occupied, path: run.path,
        "'\(run.path)' already holds a run (it has a config.json);"
          + " name another directory with --run-dir, or move that one away")
    }
    // An empty folder for checkpoints is what a start that failed halfway leaves.
    let others = FileLookup.entries(of: url.path).filter { name in
      !name.hasPrefix(".")
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

  /// Writes `config.json`, whole or not at all.
  ///
  /// - Throws: ``RecordError`` as ``AtomicFile`` does.
  public func writeConfiguration(_ data: Data) throws(RecordError) {
    try AtomicFile.write(data, to: configuration)
  }

  /// The name of a run's directory; characters that do not belong in file names become `-`.
  static func directoryName(
    environment: String, algorithm: String, seed: UInt64, timeStamp: String
  ) -> String {
    let name = "\(environment)-\(algorithm)-\(seed)-\(timeStamp)"
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

  private static func createWithParents(_ url: URL) throws(RecordError) {
    switch FileLookup.isDirectory(url.path) {
    case true?: return
    case false?: throw RecordError(cannot: "create", path: url.relativePath, ENOTDIR)
    case nil: break
    }
    let parent = url.deletingLastPathComponent()
    if parent.path != url.path, FileLookup.isDirectory(parent.path) != true {
      try createWithParents(parent)
    }
    // Another process may have been quicker; a file of that name is in the way for good.
    if try !make(url), FileLookup.isDirectory(url.path) != true {
      throw RecordError(cannot: "create", path: url.relativePath, EEXIST)
    }
  }

  /// Makes one directory whose parent exists; whether it is new.
  private static func make(_ url: URL) throws(RecordError) -> Bool {
    do {
      return try SystemCalls.makeDirectory(url.path, mode: 0o777)
    } catch {
      throw RecordError(cannot: "create", path: url.relativePath, error.code)
    }
  }

  /// The local time as yyyymmdd-hhmmss.
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
