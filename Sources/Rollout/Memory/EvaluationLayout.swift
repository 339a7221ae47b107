/// The sizes and offsets of an evaluation process's memory, in bytes from its beginning.
///
/// The learner makes it from the sizes, the process from the header; docs/evaluation.md has the
/// table.
package struct EvaluationLayout: Sendable, Equatable {
  /// The floats of the weights.
  package let weightCount: Int
  /// The size of the learner's description in bytes.
  package let descriptionByteCount: Int
  /// The most episodes that one request may ask for.
  package let episodeCapacity: Int

  /// The size of everything.
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
  static let resultStride = 24

  private static let magic: UInt64 = 0x0A76_6579_616C_706C
  private static let version: UInt64 = 1
  /// The largest count of each kind that a header may hold: 2⁴⁰ elements fit no machine.
  private static let largestCount = 1 << 40

  /// Lays the memory out.
  package init(weightCount: Int, descriptionByteCount: Int, episodeCapacity: Int) {
    self.weightCount = weightCount
    self.descriptionByteCount = descriptionByteCount
    self.episodeCapacity = episodeCapacity
    func toLine(_ count: Int) -> Int { (count + 63) & ~63 }
    descriptionOffset = Self.finishedOffset + 64
    weightsOffset = descriptionOffset + toLine(descriptionByteCount)
    resultsOffset = weightsOffset + toLine(weightCount * MemoryLayout<Float>.stride)
    byteCount = resultsOffset + episodeCapacity * Self.resultStride
  }

  private var words: [UInt64] {
    [Self.magic, Self.version]
      + [weightCount, descriptionByteCount, episodeCapacity].map { UInt64($0) }
  }

  /// Writes the header of new memory.
  func write(to base: UnsafeMutableRawPointer) {
    for (index, word) in words.enumerated() {
      base.storeBytes(of: word, toByteOffset: 8 * index, as: UInt64.self)
    }
  }

  /// Reads and checks the header of a mapping of the whole file.
  ///
  /// - Throws: `RunMemoryError` when it is no evaluation's memory, or one of another build.
  init(readFrom base: UnsafeMutableRawPointer, mapped: Int) throws(RunMemoryError) {
    guard mapped >= Self.stoppingOffset else { throw .notARun("it has only \(mapped) bytes") }
    func word(_ index: Int) -> UInt64 { base.load(fromByteOffset: 8 * index, as: UInt64.self) }
    guard word(0) == Self.magic else { throw .notARun("it does not begin like an evaluation's") }
    guard word(1) == Self.version else {
      throw .versionMismatch(found: word(1), expected: Self.version)
    }
    let counts = (2..<5).map { Int(clamping: word($0)) }
    guard counts.allSatisfy({ $0 <= Self.largestCount }) else {
      throw .notARun("the sizes in its header make no sense")
    }
    self.init(
      weightCount: counts[0], descriptionByteCount: counts[1], episodeCapacity: counts[2])
    guard mapped == byteCount else { throw .sizeMismatch(found: mapped, expected: byteCount) }
  }
}
