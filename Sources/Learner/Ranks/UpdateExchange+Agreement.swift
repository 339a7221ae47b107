import Foundation
import Rollout

/// The error at ranks that end because another one failed, which has the sentence.
package struct OtherRankFailed: Error, CustomStringConvertible {
  package var description: String { "another rank failed" }
}

extension UpdateExchange {
  /// The signal that asked the first of the interrupted ranks to stop; nil for none.
  package var signal: Int32? { words.lazy.compactMap(\.signal).first }

  /// Returns a sentence with the ranks, their hosts and the steps of an update.
  package func sentence(for configuration: TrainingConfiguration) -> String {
    let steps =
      configuration.fragmentsPerBatch * configuration.fragmentSteps
      * configuration.environmentsPerActor
    return "\(ranks.summary); \(ranks.count) × \(NumberText.grouped(steps)) steps to an update"
  }

  /// Waits for all ranks at a point of the run that all of them reach.
  ///
  /// - Parameters:
  ///   - error: an error of this rank; `Interrupted` if a signal ended what it did.
  ///   - numbers: numbers that are added over all ranks in place.
  /// - Throws: the error, or `OtherRankFailed`, if a rank failed; `Interrupted` if none failed and
  ///   one was interrupted; `RankError`. All ranks throw alike.
  func agree(on error: (any Error)? = nil, adding numbers: FlatVector<Double>? = nil) throws {
    let count = numbers?.count ?? 0
    let values = FlatVector<Double>(repeating: 0, count: count + ranks.count)
    if error == nil, let numbers {
      for index in 0..<count { values[index] = numbers[index] }
    }
    var word = word
    if let error { word.insert(error is Interrupted ? .isAbsent : .hasFailed) }
    values[count + ranks.rank] = Double(word.rawValue)
    guard sum(values) else { throw connectionError ?? RankError("the ranks lost each other") }
    read { values[count + $0] }
    if words.contains(where: { $0.contains(.hasFailed) }) {
      endsTogether = true
      throw error.flatMap { $0 is Interrupted ? nil : $0 } ?? failure ?? OtherRankFailed()
    }
    if words.contains(where: { $0.contains(.isAbsent) }) { throw Interrupted() }
    if let numbers { for index in 0..<count { numbers[index] = values[index] } }
  }

  /// Does something at this rank and waits until all ranks have done it.
  ///
  /// - Throws: as ``agree(on:adding:)``.
  func together<Value>(_ body: () throws -> Value) throws -> Value {
    let result = Result { try body() }
    guard case .success(let value) = result else {
      if case .failure(let error) = result { try agree(on: error) }
      throw OtherRankFailed()
    }
    try agree()
    return value
  }

  /// Refuses ranks whose weights differ from those of rank 0.
  ///
  /// - Throws: as ``agree(on:adding:)``, and `RankError` at all ranks if weights differ.
  func compare(_ weights: FlatVector<Float>) throws {
    let sums = FlatVector<Double>(repeating: 0, count: ranks.count)
    sums[ranks.rank] = Double(weights.checksum())
    try agree(adding: sums)
    guard let rank = (0..<ranks.count).first(where: { sums[$0] != sums[0] }) else { return }
    endsTogether = true
    throw RankError(
      "the weights of rank \(rank) differ from those of rank 0: all ranks need the same build of "
        + "rlplay")
  }

  /// Returns the sentences of the ranks that failed, at rank 0; an empty text at the others.
  ///
  /// - Parameter error: the error of this rank, or `OtherRankFailed`.
  func sentences(_ error: any Error) throws(RankError) -> String {
    let own = error is OtherRankFailed ? "" : "\(error)"
    let all = try ranks.gather([UInt8](own.utf8)).map { String(decoding: $0, as: UTF8.self) }
    return all.enumerated().filter { !$0.element.isEmpty }
      .map { $0 == 0 ? $1 : "rank \($0): \($1)" }.joined(separator: "; ")
  }

  /// Combines the results of all ranks' shares of an evaluation.
  ///
  /// - Parameters:
  ///   - own: the result of this rank's share, or the error that ended it.
  ///   - first: the index of its first episode.
  ///   - episodeCount: the number of episodes of all ranks.
  ///   - informationNames: the names of the results of information.
  /// - Throws: as ``agree(on:adding:)``.
  func combine(
    _ own: Result<EvaluationResult, any Error>, from first: Int, episodeCount: Int,
    informationNames: [String]
  ) throws -> EvaluationResult {
    // Of each episode: return, length, and for each name a number and a 1 if there is one.
    let width = 2 + 2 * informationNames.count
    /// Returns the first place of an episode, and those of its names.
    func places(_ episode: Int) -> (first: Int, names: Zip2Sequence<[String], StrideTo<Int>>) {
      let first = 2 + width * episode
      return (first, zip(informationNames, stride(from: first + 2, to: first + width, by: 2)))
    }
    let numbers = FlatVector<Double>(repeating: 0, count: 2 + width * episodeCount)
    if case .success(let share) = own {
      (numbers[0], numbers[1]) = (Double(share.truncatedCount), Double(share.unfinishedCount))
      for index in share.returns.indices {
        let (place, names) = places(first + index)
        (numbers[place], numbers[place + 1]) = (share.returns[index], Double(share.lengths[index]))
        for (name, offset) in names {
          guard let number = share.information[name]?[index] else { continue }
          (numbers[offset], numbers[offset + 1]) = (number, 1)
        }
      }
    }
    var error: (any Error)?
    if case .failure(let failure) = own { error = failure }
    try agree(on: error, adding: numbers)
    var result = EvaluationResult(episodeCount: episodeCount)
    (result.truncatedCount, result.unfinishedCount) = (Int(numbers[0]), Int(numbers[1]))
    for index in 0..<episodeCount {
      let (place, names) = places(index)
      (result.returns[index], result.lengths[index]) = (numbers[place], Int(numbers[place + 1]))
      for (name, offset) in names where numbers[offset + 1] == 1 {
        result.information[name, default: Array(repeating: nil, count: episodeCount)][index] =
          numbers[offset]
      }
    }
    return result
  }
}
