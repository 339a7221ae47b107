import Foundation
import Learner
import Rollout

/// The time of a sum over all ranks, which `mpirun` starts together.
///
/// All ranks take part and rank 0 prints.
enum RankBenchmarks {
  /// The name under which all of them are asked for.
  static let name = "allreduce"

  static let all: [Benchmark] = [false, true].flatMap { inRankOrder in
    [(362, "362"), (10_000, "10k"), (100_000, "100k"), (1_000_000, "1m")].map { count, text in
      Benchmark(
        inRankOrder ? "allreduce_in_order_\(text)" : "allreduce_\(text)", .microseconds,
        "a sum of \(NumberText.grouped(count)) Float over all ranks"
          + (inRankOrder ? ", in rank order" : "")
      ) { try time($0, count: count, inRankOrder: inRankOrder) }
    }
  }

  /// Joins the ranks.
  ///
  /// - Throws: `RankError`; `ConfigurationError` if this process was not started as one of several.
  static func join() throws -> any Ranks {
    let ranks = try MPIRanks.join(inRankOrder: false)
    guard ranks.count > 1 else {
      throw ConfigurationError(
        "--only \(name) measures sums over several processes, and this one is alone: start it with "
          + "mpirun -n 2 rlplay bench --only \(name).", option: "only")
    }
    return ranks
  }

  /// Returns the microseconds of one sum: the median of repetitions, each the mean of many sums.
  private static func time(
    _ settings: BenchmarkSettings, count: Int, inRankOrder: Bool
  ) throws -> BenchmarkResult {
    let ranks = settings.ranks
    (ranks as? MPIWorld)?.addsInRankOrder = inRankOrder
    // Zeros stay zeros in repeated sums.
    let values = FlatVector<Float>(repeating: 0, count: count)
    var shortest = Double.infinity
    func microseconds(_ sumCount: Int) throws -> Double {
      var sum = 0.0
      for _ in 0..<sumCount {
        let one = try secondsElapsed { try ranks.sum(values) {} }
        shortest = min(shortest, one)
        sum += one
      }
      return sum / Double(sumCount) * 1e6
    }
    _ = try microseconds(5)
    let roughly = try microseconds(10)
    // All ranks have to make as many sums as rank 0.
    let wanted = settings.secondsPerRepetition * 1e6 / max(roughly, 1)
    let sumCount = FlatVector<Double>([ranks.rank == 0 ? max(1, min(wanted, 1e6)).rounded() : 0])
    try ranks.sum(sumCount) {}
    let repetitionCount = max(settings.minimumRepetitions, BenchmarkSettings.repetitionCount)
    let means = try (0..<repetitionCount).map { _ in try microseconds(Int(sumCount[0])) }
    return BenchmarkResult(
      means.median, remark: "the shortest took \(NumberText.fixed(shortest * 1e6, 1)) µs")
  }

  /// Verifies that sums are equal at all ranks, and leaves the ranks.
  ///
  /// - Parameters:
  ///   - ranks: all ranks.
  ///   - object: receives the ranks and the checksum of sums in rank order.
  /// - Returns: the sentence for people.
  /// - Throws: `RankError` at rank 0 if ranks have different sums.
  static func finish(_ ranks: any Ranks, _ object: inout OrderedJSON) throws -> String {
    var checksums: [String] = []
    for inRankOrder in [false, true] {
      (ranks as? MPIWorld)?.addsInRankOrder = inRankOrder
      var checksum: UInt32 = 0
      var random = PCG64(seed: UInt64(ranks.rank))
      for count in [1, 2, 3, 5, 362, 10_007, 200_003] {
        let values = FlatVector<Float>(repeating: 0, count: count)
        // Numbers of very different size, so that every order of additions has another sum.
        for index in 0..<count {
          values[index] =
            (random.nextFloat() - 0.5)
            * Float(sign: .plus, exponent: random.integer(below: 24), significand: 1)
        }
        try ranks.sum(values) {}
        checksum = values.checksum(after: checksum)
      }
      let text = String(checksum, radix: 16)
      let all = try ranks.gather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
      if let other = all.firstIndex(where: { $0 != text }) {
        throw RankError("rank \(other) has other sums than rank 0 by \(ranks.library ?? "")")
      }
      checksums.append(text)
    }
    object.set("ranks", ranks.count)
    object.set("hosts", ranks.hostCount)
    object.set("library", ranks.library ?? "")
    object.set("checksum_in_order", checksums[1])
    let text = """
      \(ranks.summary): sums are equal at all ranks; those in rank order have the checksum \
      \(checksums[1])
      """
    ranks.leave()
    return text
  }
}
