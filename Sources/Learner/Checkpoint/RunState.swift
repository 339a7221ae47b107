import Actor
public import Foundation
import Rollout

/// All that a run needs to go on where it stood (docs/resuming.md).
///
///     var state = try RunState.load(from: directory.state)
///     state.configuration.totalSteps *= 2
///     let summary = try TrainingRun(resuming: state, in: directory).train()
public struct RunState: Sendable {
  /// What the run does; may be changed in what has no part in what is learnt.
  public var configuration: TrainingConfiguration
  /// The Python that the run was trained with, as text to show.
  ///
  /// The configuration that is read from a file names the present default instead: a file does not
  /// say what to start.
  public let recordedPython: String
  /// Environment steps learnt from.
  public let steps: Int
  /// Updates of the weights.
  public let updates: Int
  /// Where collecting stands.
  public let collector: CollectorState

  /// What the run has yet to do and to say.
  let marks: RunMarks
  /// What the clock has a part in.
  let told: ToldSoFar
  /// Weights and learner; and, saved, the collector's arrays.
  private var archive: StateArchive

  private enum Key {
    static let release = "rlplay"
    static let configuration = "configuration"
    static let collector = "collector"
    static let marks = "run"
    static let told = "told"
  }

  private static let format = "rlplay-state"

  /// Takes down where a run stands, between turns.
  init(
    _ configuration: TrainingConfiguration, _ setup: RolloutSetup, _ learner: any BatchLearner,
    _ collector: CollectorState, _ marks: RunMarks, _ told: ToldSoFar
  ) {
    self.configuration = configuration
    // The directory is where the file is.
    self.configuration.runDirectory = nil
    recordedPython = configuration.environment.python
    self.collector = collector
    self.marks = marks
    self.told = told
    steps = learner.stepCount
    updates = learner.updateCount
    archive = StateArchive()
    do {
      try Self.transfer(setup, learner, &archive)
    } catch {
      preconditionFailure("saving has nothing to refuse: \(error)")
    }
  }

  /// Weights, then what the learner goes on from.
  private static func transfer(
    _ setup: RolloutSetup, _ learner: any BatchLearner, _ archive: inout StateArchive
  ) throws(CheckpointError) {
    for entry in setup.parameters.entries {
      try archive.transfer(
        "weights.\(entry.name)", setup.weights, entry.range, shape: entry.shape)
    }
    try learner.transfer(&archive)
  }

  /// Gives weights and learner what the state says of them.
  ///
  /// - Returns: what begins anew nevertheless, a phrase each.
  /// - Throws: `CheckpointError` when the state is not one of these.
  func restore(
    _ setup: RolloutSetup, _ learner: any BatchLearner
  ) throws(CheckpointError) -> [String] {
    var archive = archive
    try Self.transfer(setup, learner, &archive)
    try archive.finish()
    guard learner.stepCount == steps, learner.updateCount == updates else {
      throw CheckpointError(
        .mismatched,
        "it says \(steps) steps and \(updates) updates, and its learner has made "
          + "\(learner.stepCount) and \(learner.updateCount)")
    }
    return archive.losses
  }

  /// Refuses weights of another network before anything is made that is as large as they are.
  func check(_ parameters: ParameterLayout) throws(CheckpointError) {
    let present = Dictionary(
      archive.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    for entry in parameters.entries {
      let shape = present["weights.\(entry.name)"]
      guard shape != entry.shape else { continue }
      throw CheckpointError(
        .mismatched,
        "tensor 'weights.\(entry.name)' \(shape.map { "has the shape \($0)" } ?? "is missing"), and "
          + "the network of its options has one of \(entry.shape)")
    }
  }

  // MARK: Bytes

  /// The bytes of the file.
  func encoded() -> Data {
    var (collector, told, archive) = (collector, told, archive)
    do {
      try collector.transferArrays(&archive)
    } catch {
      preconditionFailure("saving has nothing to refuse: \(error)")
    }
    told.episodesTaken = collector.withoutArrays()
    return SafetensorsFile(
      tensors: archive.tensors,
      metadata: [
        Checkpoint.Key.format: Self.format, Key.release: releaseVersion,
        Checkpoint.Key.environmentSteps: "\(steps)", Checkpoint.Key.updates: "\(updates)",
        Key.configuration: String(decoding: configuration.json(), as: UTF8.self),
        Key.collector: Self.text(collector), Key.marks: Self.text(marks),
        Key.told: Self.text(told),
      ]
    ).encodedWithChecksum()
  }

  /// Reads the state of a run.
  ///
  /// - Throws: `CheckpointError` when the file cannot be read, is damaged, or was written by another release.
  public static func load(from url: URL) throws(CheckpointError) -> RunState {
    try url.decoded { data throws(CheckpointError) in try RunState(decoding: data) }
  }

  /// Reads the bytes of a file.
  init(decoding data: Data) throws(CheckpointError) {
    let file = try SafetensorsFile(decoding: data)
    try Self.checkFormat(file, data)
    func metadata(_ key: String) throws(CheckpointError) -> String {
      guard let value = file.metadata[key] else {
        throw CheckpointError(.mismatched, "its metadata do not have '\(key)'")
      }
      return value
    }
    do {
      let text = try metadata(Key.configuration)
      configuration = try TrainingConfiguration(
        json: Data(text.utf8), source: "its configuration")
      // Before there was a choice, actions were clipped.
      if !text.contains("\"\(Checkpoint.Key.actionBounds)\"") {
        configuration.environment.actionBounds = .clip
      }
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError(.mismatched, "\(error)")
    }
    recordedPython = configuration.environment.python
    configuration.environment.python = EnvironmentChoice.usualPython
    steps = try Self.count(metadata(Checkpoint.Key.environmentSteps))
    updates = try Self.count(metadata(Checkpoint.Key.updates))
    marks = try Self.value(metadata(Key.marks))
    told = try Self.value(metadata(Key.told))
    try Self.refuse(marks.fault(steps: steps) ?? told.fault)
    var collector: CollectorState = try Self.value(metadata(Key.collector))
    try Self.refuse(collector.fault)
    archive = StateArchive(restoring: file.tensors)
    try collector.transferArrays(&archive)
    for (worker, count) in zip(collector.workers.indices, told.episodesTaken) {
      collector.workers[worker].episodesTaken = count
    }
    self.collector = collector
  }

  /// Refuses what is no state, or one of another release, and a state without a checksum.
  private static func checkFormat(
    _ file: SafetensorsFile, _ data: Data
  ) throws(CheckpointError) {
    guard file.metadata[Checkpoint.Key.format] == Self.format else {
      throw CheckpointError(.mismatched, "it holds parameters alone, and not the state of a run")
    }
    let release = file.metadata[Key.release] ?? "of an unknown release"
    guard release == releaseVersion else {
      throw CheckpointError(
        .mismatched,
        "rlplay \(release) wrote it, and this is \(releaseVersion): resume with that release")
    }
    guard SafetensorsFile.hasChecksum(data) else {
      throw CheckpointError(
        .malformed, "it has no checksum: it is damaged, or an earlier build of rlplay wrote it")
    }
  }

  /// Refuses a number that cannot be.
  private static func refuse(_ fault: String?) throws(CheckpointError) {
    guard let fault else { return }
    throw CheckpointError(.malformed, "it has a number that cannot be: \(fault)")
  }

  private static func count(_ text: String) throws(CheckpointError) -> Int {
    guard let count = Int(text), (0...StateArchive.largestCount).contains(count) else {
      throw CheckpointError(.malformed, "its metadata have '\(text)' where a count belongs")
    }
    return count
  }

  // JSON has no infinity, and a return may be none.
  private static let words = ("inf", "-inf", "nan")

  private static func text(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: words.0, negativeInfinity: words.1, nan: words.2)
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      preconditionFailure("a state that JSON cannot hold: \(error)")
    }
  }

  private static func value<Value: Decodable>(
    _ text: String
  ) throws(CheckpointError) -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: words.0, negativeInfinity: words.1, nan: words.2)
    do {
      return try decoder.decode(Value.self, from: Data(text.utf8))
    } catch {
      throw CheckpointError(
        .malformed,
        "its metadata cannot be read, as if another build of rlplay \(releaseVersion) had "
          + "written it (resume with that one): \(error)")
    }
  }
}

extension CollectorState {
  /// Snapshots and earlier weights, which are too long for text.
  fileprivate mutating func transferArrays(
    _ archive: inout StateArchive
  ) throws(CheckpointError) {
    for worker in workers.indices {
      try archive.transfer("collector.snapshot.\(worker)", &workers[worker].snapshot)
    }
    if archive.isRestoring {
      let count = schedule.earlierVersions(turns: progress.turns).count
      earlierWeights = Array(repeating: [], count: count)
    }
    for version in earlierWeights.indices {
      try archive.transfer("collector.weights.\(version)", &earlierWeights[version])
    }
  }

  /// Leaves to text what is no array and follows from no clock; the episodes that the learner was told of.
  fileprivate mutating func withoutArrays() -> [UInt64] {
    let taken = workers.map(\.episodesTaken)
    for worker in workers.indices {
      workers[worker].snapshot = []
      workers[worker].episodesTaken = 0
    }
    earlierWeights = []
    return taken
  }
}
