/// The sizes and offsets of an evaluation process's memory, in bytes from its start.
///
/// The learner computes it from the sizes, and the process from the header. docs/evaluation.md has
/// the table.
package struct EvaluationLayout: Sendable, Equatable {
  /// The number of weights (Float).
  package let weightCount: Int
  /// The size of the learner's description in bytes.
  package let descriptionByteCount: Int
  /// The maximum number of episodes of one request.
  package let episodeCapacity: Int
  /// The number of results of information per episode.
  package let informationCount: Int

  /// The size of the memory in bytes.
  package let byteCount: Int

  let descriptionOffset: Int
  let weightsOffset: Int
  let resultsOffset: Int

  static let stoppingOffset = 64
  static let requestNumberOffset = 128
  static let requestOffset = 192
  static let progressOffset = 256
  static let finishedOffset = 320

  /// The size of one episode's result in bytes.
  let resultStride: Int

  private static let magic: UInt64 = 0x0A76_6579_616C_706C
  private static let version: UInt64 = 2
  /// The largest count that a header may contain; no machine has memory for 2⁴⁰ elements.
  private static let largestCount = 1 << 40

  /// Computes the layout.
  package init(
    weightCount: Int, descriptionByteCount: Int, episodeCapacity: Int, informationCount: Int
  ) {
    self.informationCount = informationCount
    self.weightCount = weightCount
    self.descriptionByteCount = descriptionByteCount
    self.episodeCapacity = episodeCapacity
    func toLine(_ count: Int) -> Int { (count + 63) & ~63 }
    descriptionOffset = Self.finishedOffset + 64
    weightsOffset = descriptionOffset + toLine(descriptionByteCount)
    resultsOffset = weightsOffset + toLine(weightCount * MemoryLayout<Float>.stride)
    resultStride = 24 + 8 * informationCount
    byteCount = resultsOffset + episodeCapacity * resultStride
  }

  private var words: [UInt64] {
    [Self.magic, Self.version]
      + [weightCount, descriptionByteCount, episodeCapacity, informationCount].map { UInt64($0) }
  }

  /// Writes the header of new memory.
  func write(to base: UnsafeMutableRawPointer) {
    for (index, word) in words.enumerated() {
      base.storeBytes(of: word, toByteOffset: 8 * index, as: UInt64.self)
    }
  }

  /// Reads and checks the header of a mapping of the whole file.
  ///
  /// - Throws: `RunMemoryError` if the memory is not an evaluation's, or belongs to another build.
  init(readFrom base: UnsafeMutableRawPointer, mapped: Int) throws(RunMemoryError) {
    guard mapped >= Self.stoppingOffset else { throw .notARun("it has only \(mapped) bytes") }
    func word(_ index: Int) -> UInt64 { base.load(fromByteOffset: 8 * index, as: UInt64.self) }
    guard word(0) == Self.magic else {
      throw .notARun("it does not begin with an evaluation's magic number")
    }
    guard word(1) == Self.version else {
      throw .versionMismatch(found: word(1), expected: Self.version)
    }
    let counts = (2..<6).map { Int(clamping: word($0)) }
    guard counts.allSatisfy({ $0 <= Self.largestCount }) else {
      throw .notARun("the sizes in its header are invalid")
    }
    self.init(
      weightCount: counts[0], descriptionByteCount: counts[1], episodeCapacity: counts[2],
      informationCount: counts[3])
    guard mapped == byteCount else { throw .sizeMismatch(found: mapped, expected: byteCount) }
  }
}
