import Rollout

/// The exchange that all ranks make in each optimizer step: one sum of gradients and figures.
///
/// A learner with several updates, such as those of critics and actor, makes one for each of them.
/// All sums have the length of the longest, so they meet even if a rank has no batch.
///
/// The vector that is added up holds the gradient, times this rank's share of played steps, and
/// behind it the share, the figures of the update times the share, a place per rank for each
/// figure whose largest value counts, and a word of each rank.
///
/// All decisions that follow from the sum are the same at all ranks. A rank without a batch takes
/// part in one more exchange, and thereby ends the batch for all: nothing is exchanged afterwards.
package final class UpdateExchange {
  package let ranks: any Ranks

  /// The word of this rank in the next exchanges, without signals and failures.
  var told: RankWord = []
  /// An error of this rank, which the next exchange tells to all.
  var failure: (any Error)?
  /// Returns the signal that asks this rank to stop, or nil.
  var requestedSignal: () -> Int32? = { Interruption.requested }
  /// Called now and then while this rank waits for others.
  var attend: () -> Void = {}

  /// The words of all ranks in the last exchange.
  private(set) var words: [RankWord]
  /// True after an exchange in which a rank had no batch, or that failed.
  private(set) var isOver = false
  /// The error of the connection; nil if there is none.
  private(set) var connectionError: RankError?
  /// True once all ranks know that the run ends, so that none waits for another afterwards.
  package var endsTogether = false
  /// True once rank 0 has told the others how the run begins.
  var hasBegun = false
  /// The number of workers of each rank.
  var workerCounts: [Int] = []
  /// The number of updates that share the exchange, at least 1.
  private(set) var updateCount = 0

  private var notFiniteRank: Int?
  private var weightCount = 0
  /// The figures of the update that made the last exchange.
  private var summaries: [MetricSummary] = []
  private var values = FlatVector<Float>(repeating: 0, count: 0)

  /// Creates the exchange of one rank with all others.
  package init(_ ranks: any Ranks) {
    self.ranks = ranks
    words = Array(repeating: [], count: ranks.count)
  }

  /// Makes room for an update in the vector.
  ///
  /// - Parameters:
  ///   - weightCount: the number of weights.
  ///   - summaries: the way in which the values of each figure are combined; those that are not
  ///     the largest are averaged over the played steps.
  func prepare(weightCount: Int, _ summaries: [MetricSummary]) {
    updateCount += 1
    self.weightCount = weightCount
    let largestCount = summaries.count { $0 == .largest }
    let count = weightCount + 1 + summaries.count + (largestCount + 1) * ranks.count
    if count > values.count { values = FlatVector(repeating: 0, count: count) }
  }

  /// Replaces gradients by their mean over the played steps of all ranks, and exchanges figures.
  ///
  /// - Parameters:
  ///   - gradients: the gradients of this rank's batch.
  ///   - share: the share of the batch's steps that were played, 0 for a rank without samples.
  ///   - summaries: those of the update, as it prepared them.
  ///   - figure: returns a figure of the batch.
  /// - Returns: false if there is nothing to learn from: no rank had samples, or a rank had no
  ///   batch. The gradients are then undefined.
  func average(
    _ gradients: FlatVector<Float>, share: Float, _ summaries: [MetricSummary],
    figure: (_ index: Int) -> Double
  ) -> Bool {
    guard !isOver else { return false }
    self.summaries = summaries
    guard failure == nil else { return leave() }
    let values = values
    values.clear()
    var isFinite = true
    if share > 0 {
      fill(values, gradients, share: share)
      values[weightCount] = share
      for index in summaries.indices {
        let value = Float(figure(index))
        if index == 0 { isFinite = value.isFinite }
        values[weightCount + 1 + index] = share * value
        if let place = largestPlace(index) { values[place + ranks.rank] = value }
      }
      isFinite = isFinite && gradients.norm().isFinite
    } else {
      for index in summaries.indices {
        if let place = largestPlace(index) { values[place + ranks.rank] = -.infinity }
      }
    }
    guard send(isFinite ? [] : .isNotFinite) else { return false }
    let total = values[weightCount]
    guard total > 0 else { return false }
    for index in summaries.indices {
      values[weightCount + 1 + index] = mean(index, values, total)
    }
    divide(values, by: total, into: gradients)
    return true
  }

  /// Takes part in an exchange without a gradient, because no optimizer step is due at any rank.
  ///
  /// - Returns: false if a rank had no batch.
  @discardableResult
  func tell() -> Bool {
    guard !isOver else { return false }
    guard failure == nil else { return leave() }
    values.clear()
    return send([])
  }

  /// Takes part in one more exchange as a rank without a batch, which ends the batch for all.
  ///
  /// - Returns: false.
  @discardableResult
  func leave() -> Bool {
    guard !isOver else { return false }
    values.clear()
    return send(.isAbsent)
  }

  /// Returns a figure of the last update: its mean over all played steps, or its largest value.
  func value(_ index: Int) -> Double { Double(values[weightCount + 1 + index]) }

  /// Returns the first rank with a batch that was not finite since the last call; nil for none.
  func takeNotFiniteRank() -> Int? {
    defer { notFiniteRank = nil }
    return notFiniteRank
  }

  /// Adds numbers over all ranks in the order of the ranks; returns false if that failed.
  func sum(_ numbers: FlatVector<Double>) -> Bool {
    guard connectionError == nil else { return false }
    do {
      try ranks.sum(numbers, attend: attend)
      return true
    } catch {
      connectionError = error
      isOver = true
      return false
    }
  }

  // MARK: Parts

  /// The word of this rank at this moment.
  var word: RankWord {
    told.union(RankWord(signal: requestedSignal())).union(failure == nil ? [] : .hasFailed)
  }

  /// Adds up the vector and reads the words; returns false if a rank had no batch.
  private func send(_ more: RankWord) -> Bool {
    let first = values.count - ranks.count
    values[first + ranks.rank] = Float(word.union(more).rawValue)
    do {
      try ranks.sum(values, attend: attend)
    } catch {
      connectionError = error
      isOver = true
      return false
    }
    read { Double(values[first + $0]) }
    if words.contains(where: { $0.contains(.isAbsent) }) { isOver = true }
    if notFiniteRank == nil { notFiniteRank = words.firstIndex { $0.contains(.isNotFinite) } }
    return !isOver
  }

  /// Reads the words of all ranks.
  func read(_ number: (_ rank: Int) -> Double) {
    for rank in words.indices { words[rank] = RankWord(rawValue: Int(number(rank))) }
  }

  /// The first of the places of all ranks for a figure whose largest value counts; nil for others.
  private func largestPlace(_ index: Int) -> Int? {
    guard summaries[index] == .largest else { return nil }
    let earlierCount = summaries[..<index].count { $0 == .largest }
    return weightCount + 1 + summaries.count + earlierCount * ranks.count
  }

  private func mean(_ index: Int, _ values: FlatVector<Float>, _ total: Float) -> Float {
    guard let place = largestPlace(index) else { return values[weightCount + 1 + index] / total }
    var largest = -Float.infinity
    for rank in 0..<ranks.count { largest = max(largest, values[place + rank]) }
    return largest
  }

  private func fill(
    _ values: FlatVector<Float>, _ gradients: FlatVector<Float>, share: Float
  ) {
    let source = gradients.span
    var target = values.mutableSpan(0..<source.count)
    for index in source.indices { target[index] = share * source[index] }
  }

  private func divide(
    _ values: FlatVector<Float>, by total: Float, into gradients: FlatVector<Float>
  ) {
    let source = values.span(0..<gradients.count)
    var target = gradients.mutableSpan
    for index in source.indices { target[index] = source[index] / total }
  }
}
