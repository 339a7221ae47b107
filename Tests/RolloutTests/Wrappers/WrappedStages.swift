import Rollout
import Testing

/// Three counters of different lengths, with ends and one counter's truncations within fragments.
let counters = [
  Counter(length: 3), Counter(length: 5, truncates: true), Counter(length: 4),
]

/// Returns a test's action for a fragment, row and environment, different for all.
func variedAction(_ fragment: Int, _ t: Int, _ index: Int) -> Int {
  (fragment * 31 + t * 7 + index * 3 + 1) % 100
}

extension Stage {
  /// Plays several fragments in a row and calls `look` after each.
  func playFragments(
    _ fragments: Int, sticky: Bool = false, _ look: (_ number: Int) throws -> Void
  ) throws {
    try reset()
    for number in 0..<fragments {
      try collect(sticky: sticky) { variedAction(number, $0, $1) }
      try look(number)
      carry()
    }
  }

  /// The rewards, ends and step numbers of rows 1 to T.
  var told: [String] {
    (0..<storage.layout.stepCount).flatMap { t in
      (0..<batch.count).map { index in
        """
        \(fragment.rew[t + 1, index]) \(fragment.fin[t + 1, index]) \
        \(fragment.stepno[t + 1, index]) \(fragment.terminated[t, index]) \
        \(fragment.truncated[t, index])
        """
      }
    }
  }

  /// Returns the elements of one environment's observation in a row.
  func observed(_ row: Int, _ index: Int) -> [Float] {
    let view = fragment.obs(as: Float.self)
    return (0..<view.elementCount).map { view[row, index, $0] }
  }

  /// Returns the elements of a final observation.
  func final(_ t: Int, _ index: Int) throws -> [Float] {
    let view: ColumnView<Float> = fragment.column(try #require(fragment.layout.finalObs.value))
    return (0..<view.elementCount).map { view[t, index, $0] }
  }
}

/// Checks that two batches agree in several fragments, including final observations.
func expectEqual(
  _ one: any EnvironmentBatch, _ other: any EnvironmentBatch, sticky: Bool, stepCount: Int = 7,
  fragments: Int = 4
) throws {
  let (left, right) = (Stage(one, stepCount: stepCount), Stage(other, stepCount: stepCount))
  try right.reset()
  try left.playFragments(fragments, sticky: sticky) { number in
    try right.collect(sticky: sticky) { variedAction(number, $0, $1) }
    #expect(left.told == right.told)
    for index in 0..<one.count {
      for row in 0...stepCount { #expect(left.observed(row, index) == right.observed(row, index)) }
      for t in 0..<stepCount
      where left.fragment.terminated[t, index] || left.fragment.truncated[t, index] {
        #expect(try left.final(t, index) == right.final(t, index))
      }
    }
    right.carry()
  }
}
