import Rollout
import Testing

struct FragmentBatchTests {
  @Test(arguments: [1, 2, 3, 8], [1, 3, 8])
  func `a gathered batch is an element-wise copy`(fragmentCount: Int, environmentCount: Int) {
    let layout = FragmentLayout(
      stepCount: 5, environmentCount: environmentCount, contents: FragmentLayoutTests.contents)
    let fragments = (0..<fragmentCount).map { _ in FragmentStorage(layout) }
    let batch = FragmentBatch(fragmentCount, of: layout)
    for (position, fragment) in fragments.enumerated() {
      scribble(fragment.view, seed: UInt64(position))
      fragment.view.header.worker = UInt32(position)
      batch.gather(fragment.view, at: position)
    }
    #expect(batch.headers.map(\.worker) == (0..<UInt32(fragmentCount)).map { $0 })
    #expect(batch.stepCount == 5 * fragmentCount * environmentCount)
    #expect(batch.layout.environmentCount == fragmentCount * environmentCount)

    for (source, target) in zip(layout.columns, batch.layout.columns) {
      for row in 0..<source.rowCount {
        let gathered = bytes(batch.view, target, row: row)
        let sideBySide = fragments.flatMap { bytes($0.view, source, row: row) }
        #expect(gathered == sideBySide)
      }
    }
    withExtendedLifetime(fragments) {}
  }

  @Test func `a field of the batch is addressed by fragment and environment`() {
    let layout = FragmentLayout(
      stepCount: 2, environmentCount: 2, contents: FragmentLayoutTests.contents)
    let batch = FragmentBatch(3, of: layout)
    for position in 0..<3 {
      let fragment = FragmentStorage(layout)
      for row in 0...2 {
        for index in 0..<2 {
          fragment.view.rew[row, index] = Float(100 * position + 10 * row + index)
        }
      }
      batch.gather(fragment.view, at: position)
      withExtendedLifetime(fragment) {}
    }
    #expect(batch.view.rew[2, 2 * 2 + 1] == 221)
    #expect(
      batch.view.rew.elements == [
        0, 1, 100, 101, 200, 201, 10, 11, 110, 111, 210, 211, 20, 21, 120, 121, 220, 221,
      ])
  }

  @Test func `a fragment of another layout is refused`() async {
    await #expect(processExitsWith: .failure) {
      let contents = FragmentLayoutTests.contents
      let layout = FragmentLayout(stepCount: 2, environmentCount: 2, contents: contents)
      let other = FragmentLayout(stepCount: 9, environmentCount: 2, contents: contents)
      FragmentBatch(2, of: layout).gather(FragmentStorage(other).view, at: 0)
    }
  }
}
