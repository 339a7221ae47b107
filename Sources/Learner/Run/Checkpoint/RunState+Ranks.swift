import Foundation

/// The part of a run's state that belongs to one rank other than rank 0.
///
/// It leaves out the weights and the optimizer, which are equal at all ranks.
struct RankState: Sendable {
  /// The state of collection as text, without arrays.
  let collector: String
  /// The arrays of collection and of the learner.
  let tensors: [SafetensorsFile.Tensor]

  private static let key = "collector"

  /// Encodes the part for rank 0.
  var encoded: [UInt8] {
    [UInt8](SafetensorsFile(tensors: tensors, metadata: [Self.key: collector]).encoded())
  }

  fileprivate init(collector: String, tensors: [SafetensorsFile.Tensor]) {
    (self.collector, self.tensors) = (collector, tensors)
  }

  /// Decodes a part that a rank has encoded.
  init(decoding bytes: [UInt8]) throws(CheckpointError) {
    let file = try SafetensorsFile(decoding: Data(bytes))
    (collector, tensors) = (file.metadata[Self.key] ?? "", file.tensors)
  }
}

extension RunState {
  static let rankPrefix = "rank/"
  /// The parts that are equal at all ranks; those of an actor's own update begin with "actor.".
  private static let commonPrefixes = ["weights.", "optimizer.", "updates", "actor."]
  /// The prefix of earlier weights, which are equal at ranks with the same policy lag.
  private static let earlierPrefix = "collector.weights."

  static func prefix(ofRank rank: Int) -> String { "\(rankPrefix)\(rank)/" }

  /// Returns the part of a rank other than rank 0.
  ///
  /// - Parameters:
  ///   - learner: the learner of the rank.
  ///   - collector: the state of its collector.
  ///   - rankCount: the number of ranks.
  ///   - hasLagOfRankZero: true if the earlier weights are those of rank 0.
  static func part(
    _ learner: any BatchLearner, _ collector: CollectorState, of rankCount: Int,
    hasLagOfRankZero: Bool
  ) -> RankState {
    var (collector, archive) = (collector, StateArchive())
    archive.rankCount = rankCount
    do {
      try learner.transfer(&archive)
      try collector.transferArrays(&archive)
    } catch {
      preconditionFailure("saving has nothing to refuse: \(error)")
    }
    _ = collector.withoutArrays()
    return RankState(
      collector: text(collector),
      tensors: archive.tensors.filter { tensor in
        let prefixes = commonPrefixes + (hasLagOfRankZero ? [earlierPrefix] : [])
        return !prefixes.contains { tensor.name.hasPrefix($0) }
      })
  }

  static func others(in file: SafetensorsFile) -> [RankState] {
    var others: [RankState] = []
    while let collector = file.metadata[prefix(ofRank: others.count + 1) + Key.collector] {
      let prefix = prefix(ofRank: others.count + 1)
      others.append(
        RankState(
          collector: collector,
          tensors: file.tensors.filter { $0.name.hasPrefix(prefix) }.map {
            $0.renamed(String($0.name.dropFirst(prefix.count)))
          }))
    }
    return others
  }

  /// Returns the state that a rank resumes from, of a run that goes on with a number of ranks.
  ///
  /// With another number than that which saved it, only the state that is common to all counts.
  ///
  /// - Throws: `CheckpointError` if the rank's part is malformed.
  func resumed(byRank rank: Int, of count: Int) throws(CheckpointError) -> RunState {
    guard count > 1 || rankCount > 1 else { return self }
    var state = self
    guard rankCount == count else {
      state.archive.rankCount = max(rankCount, count)
      state.archive.beginsReplay = true
      state.archive.beginsStreams = rank > 0
      state.archive.drop { ReplayBuffer.savedNames.contains($0) }
      return state
    }
    guard rank > 0 else { return state }
    let own = others[rank - 1]
    let hasOwnWeights = own.tensors.contains { $0.name.hasPrefix(Self.earlierPrefix) }
    let prefixes = Self.commonPrefixes + (hasOwnWeights ? [] : [Self.earlierPrefix])
    var archive = StateArchive(
      restoring: archive.tensors.filter { tensor in
        prefixes.contains { tensor.name.hasPrefix($0) }
      } + own.tensors)
    archive.rankCount = rankCount
    var collector: CollectorState = try Self.value(own.collector)
    try Self.refuse(collector.fault)
    try collector.transferArrays(&archive)
    (state.collector, state.archive) = (collector, archive)
    return state
  }

  /// An incarnation that no worker of the run has had.
  func nextIncarnation() throws(CheckpointError) -> UInt32 {
    var largest: UInt32 = 0
    for other in others {
      let collector: CollectorState = try Self.value(other.collector)
      try Self.refuse(collector.fault)
      largest = max(largest, collector.workers.map(\.incarnation).max() ?? 0)
    }
    return max(largest, collector.workers.map(\.incarnation).max() ?? 0) + 1
  }
}
