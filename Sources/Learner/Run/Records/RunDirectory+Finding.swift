import Foundation
import Glibc
import Rollout

extension RunDirectory {
  /// A requested checkpoint and the run that it belongs to.
  public struct Resolution: Equatable, Sendable {
    /// The checkpoint's file, which exists.
    public let checkpoint: URL
    /// The checkpoint's run; nil if it is not in a run's directory.
    package let run: RunDirectory?
    /// The run's `config.json`; nil if the checkpoint is not in a run's directory.
    package var configuration: URL? { run?.configuration }
  }

  /// Returns the runs in a directory, beginning with the most recently written `config.json`.
  ///
  /// A directory without a `config.json` is not a run. The runs of an experiment, which has an
  /// `experiment.json`, are included. Among equal times, the last path comes first.
  public static func all(in parent: URL = defaultParent) -> [RunDirectory] {
    let runs = all(in: parent, searchesAll: false, depth: 2)
    return runs.sorted { one, other in
      let (one, other) = ((one.time, one.run.path), (other.time, other.run.path))
      return (one.0.seconds, one.0.nanoseconds, one.1)
        > (other.0.seconds, other.0.nanoseconds, other.1)
    }.map(\.run)
  }

  /// Returns the runs in a directory with their times, and those below if it is of an experiment.
  ///
  /// - Parameter searchesAll: true to search every directory like one of an experiment.
  private static func all(
    in parent: URL, searchesAll: Bool, depth: Int
  ) -> [(run: RunDirectory, time: (seconds: Int, nanoseconds: Int))] {
    let searchesAll = searchesAll || FileLookup.kind(experiment(in: parent).path) == .file
    return FileLookup.entries(of: parent.path).flatMap { name in
      let url = parent.appendingPathComponent(name, isDirectory: true)
      let run = RunDirectory(existing: url)
      if let time = FileLookup.modificationTime(run.configuration.path) { return [(run, time)] }
      guard depth > 0, searchesAll || FileLookup.kind(experiment(in: url).path) == .file else {
        return []
      }
      return all(in: url, searchesAll: searchesAll, depth: depth - 1)
    }
  }

  /// Returns the runs for an argument of `rlplay report`.
  ///
  /// The argument is a run, the name of a run in `parent`, or a directory that contains runs, in
  /// directories of at most three levels. Without an argument it is the newest run in `parent`.
  ///
  /// - Returns: the directory that the argument names, and its runs in the order of their paths; at
  ///   least one.
  /// - Throws: `RecordError` with the missing name and an alternative.
  package static func all(
    named argument: String?, in parent: URL = defaultParent
  ) throws(RecordError) -> (directory: URL, runs: [RunDirectory]) {
    guard let argument else {
      if let run = newest(in: parent) { return (run.url, [run]) }
      throw RecordError(
        .notFound, path: parent.relativePath,
        "there is no run in '\(parent.relativePath)'; train one with \(ProgramName.shown) train")
    }
    var url = URL(fileURLWithPath: argument, isDirectory: true)
    if !argument.isEmpty, !argument.contains("/"), FileLookup.isDirectory(url.path) == nil {
      url = parent.appendingPathComponent(argument, isDirectory: true)
    }
    if argument.isEmpty || FileLookup.isDirectory(url.path) != true {
      let hint = newest(in: parent).map { "; the newest run is '\($0.path)'" } ?? ""
      throw RecordError(.notFound, path: argument, "there is no run '\(argument)'\(hint)")
    }
    let run = RunDirectory(existing: url)
    if FileLookup.isDirectory(run.configuration.path) == false { return (url, [run]) }
    let runs = all(in: url, searchesAll: true, depth: 2).map(\.run)
    guard !runs.isEmpty else {
      throw RecordError(
        .notFound, path: argument,
        "'\(argument)' is not a run, and contains none: there is no config.json")
    }
    return (url, runs.sorted { $0.path < $1.path })
  }

  /// Returns the newest run in a directory; nil if there is none.
  package static func newest(in parent: URL = defaultParent) -> RunDirectory? {
    all(in: parent).first
  }

  /// Returns the checkpoint for an argument of `rlplay evaluate` and `rlplay describe`.
  ///
  /// A file is a checkpoint. A directory is a run or its folder of checkpoints; its best checkpoint
  /// is used, or its last one if there is no best. An argument that is not an existing path may be
  /// the name of a run in `parent`. Without an argument the newest run in `parent` is used, even if
  /// it has no checkpoint yet.
  ///
  /// - Throws: `RecordError` with the missing name and an alternative.
  public static func resolve(
    _ argument: String?, in parent: URL = defaultParent
  ) throws(RecordError) -> Resolution {
    guard let argument else { return try newestResolution(in: parent) }
    let url = URL(fileURLWithPath: argument)
    // An empty argument, as from an unset shell variable, would be the current directory.
    switch argument.isEmpty ? nil : FileLookup.isDirectory(url.path) {
    case false?:
      return resolution(ofFile: url)
    case true?:
      return try RunDirectory.resolution(ofDirectory: url)
    case nil:
      let named = parent.appendingPathComponent(argument, isDirectory: true)
      if !argument.isEmpty, !argument.contains("/"), FileLookup.isDirectory(named.path) == true {
        return try RunDirectory.resolution(ofDirectory: named)
      }
      let hint = newest(in: parent).map { "; the newest run is '\($0.path)'" } ?? ""
      throw RecordError(
        .notFound, path: argument, "there is no run or checkpoint '\(argument)'\(hint)")
    }
  }

  /// Returns the run for an argument of `rlplay train --resume`; it has a state to resume from.
  ///
  /// - Throws: `RecordError` with the missing name and an alternative.
  public static func resolveRun(
    _ argument: String?, in parent: URL = defaultParent
  ) throws(RecordError) -> RunDirectory {
    if let argument, FileLookup.isDirectory(URL(fileURLWithPath: argument).path) == false {
      throw RecordError(
        .notFound, path: argument, "'\(argument)' is a file; name the run's directory")
    }
    guard let run = try resolve(argument, in: parent).run else {
      throw RecordError(
        .notFound, path: argument ?? "", "'\(argument ?? "")' is not a run: it has no config.json")
    }
    guard FileLookup.isDirectory(run.state.path) == false else {
      throw RecordError(
        .notFound, path: run.path,
        "the run '\(run.path)' cannot be resumed: it has no checkpoints/state.safetensors")
    }
    try run.refuseLinks()
    return run
  }

  /// The path of the interpreter in `config.json`, for display only; nil if it cannot be read.
  ///
  /// It must never be started: the author of the directory chose it.
  package var recordedPython: String? {
    (try? TrainingConfiguration(contentsOf: configuration.path))?.environment.python
  }

  private static func newestResolution(in parent: URL) throws(RecordError) -> Resolution {
    guard let run = newest(in: parent) else {
      throw RecordError(
        .notFound, path: parent.relativePath,
        "there is no run in '\(parent.relativePath)'; train one with \(ProgramName.shown) train,"
          + " or name a run or a checkpoint")
    }
    return try resolution(ofDirectory: run.url)
  }

  private static func resolution(ofFile url: URL) -> Resolution {
    let folder = url.deletingLastPathComponent()
    for directory in [folder.deletingLastPathComponent(), folder] {
      let run = RunDirectory(existing: directory)
      if FileLookup.isDirectory(run.configuration.path) == false {
        return Resolution(checkpoint: url, run: run)
      }
    }
    return Resolution(checkpoint: url, run: nil)
  }

  private static func resolution(ofDirectory url: URL) throws(RecordError) -> Resolution {
    let run = RunDirectory(existing: url)
    let files = [
      run.bestCheckpoint, run.lastCheckpoint,
      url.appendingPathComponent("best.safetensors"),
      url.appendingPathComponent("last.safetensors"),
    ]
    if let checkpoint = files.first(where: { FileLookup.isDirectory($0.path) == false }) {
      return resolution(ofFile: checkpoint)
    }
    if FileLookup.isDirectory(run.configuration.path) == false {
      throw RecordError(
        .notFound, path: run.path,
        "the run '\(run.path)' has no checkpoint yet;"
          + " wait for its first one, or name another run")
    }
    throw RecordError(
      .notFound, path: run.path,
      "'\(run.path)' is not a run: it has neither a config.json nor a checkpoint")
  }
}
