import Actor
public import Foundation
import Rollout

/// The state that a run is resumed from.
///
/// ```swift
/// var state = try RunState.load(from: directory.state)
/// state.configuration.totalSteps *= 2
/// let summary = try TrainingRun(resuming: state, in: directory).train()
/// ```
///
/// `docs/resuming.md` describes its content.
public struct RunState: Sendable {
  /// The configuration of the run; options that do not affect learning may be changed.
  public var configuration: TrainingConfiguration
  /// The path of the Python that the run was trained with, as text to show.
  ///
  /// The configuration itself has the default path after loading, because a file must not determine
  /// the program to start.
  package let recordedPython: String
  /// The number of environment steps learned from.
  public let steps: Int
  /// The number of updates.
  package let updates: Int
  /// The state of collection; of several ranks, that of rank 0.
  package internal(set) var collector: CollectorState

  /// The encodings of the parts that the run's program provided.
  let parts: PartEncodings
  /// The state of evaluations and reports.
  let marks: RunMarks
  /// The state that depends on timing.
  let told: ToldSoFar
  /// The weights and the learner; in a file also the collector's arrays.
  var archive: StateArchive
  /// The parts of ranks 1, 2, … of the run, empty for a learner alone.
  let others: [RankState]

  /// The number of ranks that saved the state.
  var rankCount: Int { 1 + others.count }

  enum Key {
    static let release = "rlplay"
    static let configuration = "configuration"
    static let collector = "collector"
    static let marks = "run"
    static let told = "told"
    static let parts = "parts"
  }

  private static let format = "rlplay-state"

  /// Saves the state of a run between two iterations.
  init(
    _ configuration: TrainingConfiguration, _ parts: PartEncodings, _ setup: RolloutSetup,
    _ learner: any BatchLearner, _ collector: CollectorState, _ marks: RunMarks, _ told: ToldSoFar,
    others: [RankState] = []
  ) {
    self.configuration = configuration
    // The directory is given by the place of the file.
    self.configuration.runDirectory = nil
    recordedPython = configuration.environment.python
    self.parts = parts
    self.collector = collector
    self.marks = marks
    self.told = told
    self.others = others
    steps = learner.stepCount
    updates = learner.updateCount
    archive = StateArchive()
    archive.rankCount = rankCount
    do {
      try Self.transfer(setup, learner, &archive)
    } catch {
      preconditionFailure("saving has nothing to refuse: \(error)")
    }
  }

  /// Saves or restores the weights, then the learner.
  private static func transfer(
    _ setup: RolloutSetup, _ learner: any BatchLearner, _ archive: inout StateArchive
  ) throws(CheckpointError) {
    for entry in setup.parameters.entries {
      try archive.transfer(
        "weights.\(entry.name)", setup.weights, entry.range, shape: entry.shape)
    }
    try learner.transfer(&archive)
  }

  /// Restores weights and learner.
  ///
  /// - Returns: phrases for the parts that could not be restored.
  /// - Throws: `CheckpointError` if the state belongs to other weights or another learner.
  func restore(
    _ setup: RolloutSetup, _ learner: any BatchLearner
  ) throws(CheckpointError) -> [String] {
    var archive = archive
    if archive.rankCount > 1 { archive.steps = steps }
    try Self.transfer(setup, learner, &archive)
    try archive.finish()
    guard learner.stepCount == steps, learner.updateCount == updates else {
      throw CheckpointError(
        .mismatched,
        "it records \(steps) steps and \(updates) updates, and its learner made "
          + "\(learner.stepCount) and \(learner.updateCount)")
    }
    return archive.losses
  }

  /// Refuses a state of another network, before memory for the network is allocated.
  func check(_ parameters: ParameterLayout) throws(CheckpointError) {
    let present = Dictionary(
      archive.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    for entry in parameters.entries {
      let shape = present["weights.\(entry.name)"]
      guard shape != entry.shape else { continue }
      throw CheckpointError(
        .mismatched,
        "tensor 'weights.\(entry.name)' \(shape.map { "has the shape \($0)" } ?? "is missing"), "
          + "and the network of its options needs \(entry.shape)")
    }
  }

  // MARK: Bytes

  /// Returns the bytes of the file.
  func encoded() -> Data {
    var (collector, told, archive) = (collector, told, archive)
    do {
      try collector.transferArrays(&archive)
    } catch {
      preconditionFailure("saving has nothing to refuse: \(error)")
    }
    told.episodesTaken = collector.withoutArrays()
    var tensors = archive.tensors
    var metadata: [String: String] = [:]
    for (index, other) in others.enumerated() {
      let prefix = Self.prefix(ofRank: index + 1)
      tensors += other.tensors.map { $0.renamed(prefix + $0.name) }
      metadata[prefix + Key.collector] = other.collector
    }
    // A run with all parts from its options has the bytes that it always had.
    let foreign = parts.isEmpty ? [:] : [Key.parts: Self.text(parts)]
    return SafetensorsFile(
      tensors: tensors,
      metadata: foreign.merging(metadata) { _, own in own }.merging([
        Checkpoint.Key.format: Self.format, Key.release: releaseVersion,
        Checkpoint.Key.environmentSteps: "\(steps)", Checkpoint.Key.updates: "\(updates)",
        Key.configuration: String(decoding: configuration.json(), as: UTF8.self),
        Key.collector: Self.text(collector), Key.marks: Self.text(marks),
        Key.told: Self.text(told),
      ]) { _, own in own }
    ).encodedWithChecksum()
  }

  /// Reads the state of a run.
  ///
  /// - Throws: `CheckpointError` if the file cannot be read, is damaged, or was written by another
  ///   release.
  public static func load(from url: URL) throws(CheckpointError) -> RunState {
    try url.decoded { data throws(CheckpointError) in try RunState(decoding: data) }
  }

  /// Decodes the bytes of a file.
  init(decoding data: Data) throws(CheckpointError) {
    let file = try SafetensorsFile(decoding: data)
    try Self.checkFormat(file, data)
    func metadata(_ key: String) throws(CheckpointError) -> String {
      guard let value = file.metadata[key] else {
        throw CheckpointError(.mismatched, "its metadata lack '\(key)'")
      }
      return value
    }
    do {
      let text = try metadata(Key.configuration)
      configuration = try TrainingConfiguration(
        json: Data(text.utf8), source: "its configuration")
      // Before the option existed, actions were clipped.
      if !text.contains("\"\(Checkpoint.Key.actionBounds)\"") {
        configuration.environment.actionBounds = .clip
      }
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError(.mismatched, "\(error)")
    }
    recordedPython = configuration.environment.python
    configuration.environment.python = EnvironmentConfiguration.usualPython
    steps = try Self.count(metadata(Checkpoint.Key.environmentSteps))
    updates = try Self.count(metadata(Checkpoint.Key.updates))
    parts = if let text = file.metadata[Key.parts] { try Self.value(text) } else { PartEncodings() }
    marks = try Self.value(metadata(Key.marks))
    told = try Self.value(metadata(Key.told))
    try Self.refuse(marks.fault(steps: steps) ?? told.fault)
    var collector: CollectorState = try Self.value(metadata(Key.collector))
    try Self.refuse(collector.fault)
    others = Self.others(in: file)
    archive = StateArchive(
      restoring: file.tensors.filter { !$0.name.hasPrefix(Self.rankPrefix) })
    archive.rankCount = 1 + others.count
    try collector.transferArrays(&archive)
    for (worker, count) in zip(collector.workers.indices, told.episodesTaken) {
      collector.workers[worker].episodesTaken = count
    }
    self.collector = collector
  }

  /// Refuses a file that is not a state, is of another release or has no checksum.
  private static func checkFormat(
    _ file: SafetensorsFile, _ data: Data
  ) throws(CheckpointError) {
    guard file.metadata[Checkpoint.Key.format] == Self.format else {
      throw CheckpointError(.mismatched, "it holds only parameters, not the state of a run")
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

  /// Refuses a state with an impossible number, given as a phrase.
  static func refuse(_ fault: String?) throws(CheckpointError) {
    guard let fault else { return }
    throw CheckpointError(.malformed, "it has an impossible number: \(fault)")
  }

  private static func count(_ text: String) throws(CheckpointError) -> Int {
    guard let count = Int(text), (0...StateArchive.largestCount).contains(count) else {
      throw CheckpointError(.malformed, "its metadata have '\(text)' where a count belongs")
    }
    return count
  }

  // The texts of numbers that JSON does not have; a return may be one of them.
  private static let words = ("inf", "-inf", "nan")

  static func text(_ value: some Encodable) -> String {
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

  static func value<Value: Decodable>(
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
        "its metadata cannot be read; another build of rlplay \(releaseVersion) may have written "
          + "it (resume with that build): \(error)")
    }
  }
}

extension CollectorState {
  /// Saves or restores snapshots and earlier weights, which are too long for text.
  mutating func transferArrays(
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
      try archive.transfer("collector.weights.\(version)", elements: &earlierWeights[version])
    }
  }

  /// Removes the arrays and the counts of episodes taken, and returns these counts.
  ///
  /// The counts depend on timing and are saved with `told`.
  mutating func withoutArrays() -> [UInt64] {
    let taken = workers.map(\.episodesTaken)
    for worker in workers.indices {
      workers[worker].snapshot = []
      workers[worker].episodesTaken = 0
    }
    earlierWeights = []
    return taken
  }
}
