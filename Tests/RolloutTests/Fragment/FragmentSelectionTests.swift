import Rollout
import Testing

struct FragmentSelectionTests {
  private static let layout = FragmentLayout(
    stepCount: 5, environmentCount: 7, contents: FragmentLayoutTests.contents)

  @Test(arguments: [[3], [6, 0], [2, 2, 5], [6, 5, 4, 3, 2, 1, 0]])
  func `chosen environments lie side by side in the order given`(chosen: [Int32]) {
    let source = FragmentStorage(Self.layout)
    scribble(source.view, seed: 3)
    let target = FragmentStorage(Self.layout.resized(environmentCount: chosen.count))
    target.view.gather(chosen.span, of: source.view)
    for (from, into) in zip(source.layout.columns, target.layout.columns) {
      for row in 0..<from.rowCount {
        let (given, copied) = (
          bytes(source.view, from, row: row), bytes(target.view, into, row: row)
        )
        let width = from.environmentStride
        let expected = chosen.flatMap { given[Int($0) * width..<(Int($0) + 1) * width] }
        #expect(copied == expected)
      }
    }
    withExtendedLifetime((source, target)) {}
  }

  @Test func `fragments of one storage do not overlap`() {
    let storage = FragmentStorage(Self.layout, count: 3)
    let apart = (0..<3).map { _ in FragmentStorage(Self.layout) }
    for index in [1, 2, 0] {
      scribble(storage.view(at: index), seed: UInt64(index))
      scribble(apart[index].view, seed: UInt64(index))
    }
    for index in 0..<3 {
      for column in Self.layout.columns {
        for row in 0..<column.rowCount {
          #expect(
            bytes(storage.view(at: index), column, row: row)
              == bytes(apart[index].view, column, row: row))
        }
      }
    }
    withExtendedLifetime((storage, apart)) {}
  }

  /// A layout of 5 steps of 7 environments without recurrent state.
  private static let withoutMemory: FragmentLayout = {
    var contents = FragmentLayoutTests.contents
    contents.recurrentState = .empty
    return FragmentLayout(stepCount: 5, environmentCount: 7, contents: contents)
  }()

  @Test(arguments: [[0], [34, 0, 7], [6, 6, 13, 20]])
  func `chosen steps come with the rows that they start from and lead to`(chosen: [Int32]) {
    let source = FragmentStorage(Self.withoutMemory)
    scribble(source.view, seed: 3)
    let target = FragmentStorage(
      FragmentLayout(
        stepCount: 1, environmentCount: chosen.count, contents: Self.withoutMemory.contents))
    target.view.gather(steps: chosen.span, of: source.view)
    for (from, into) in zip(source.layout.columns, target.layout.columns) {
      let width = from.environmentStride
      for row in 0..<into.rowCount {
        let expected = chosen.flatMap { step in
          let (t, b) = (Int(step) / 7, Int(step) % 7)
          return bytes(source.view, from, row: t + row)[b * width..<(b + 1) * width]
        }
        #expect(bytes(target.view, into, row: row) == expected)
      }
    }
    withExtendedLifetime((source, target)) {}
  }

  @Test(arguments: [[35], [-1]] as [[Int32]])
  func `a step that there is not is refused`(chosen: [Int32]) async {
    await #expect(processExitsWith: .failure) { [chosen] in
      let layout = FragmentSelectionTests.withoutMemory
      let target = FragmentStorage(
        FragmentLayout(
          stepCount: 1, environmentCount: chosen.count, contents: layout.contents))
      target.view.gather(steps: chosen.span, of: FragmentStorage(layout).view)
    }
  }

  @Test func `one environment is copied to its place, and no other changes`() {
    let source = FragmentStorage(Self.layout)
    scribble(source.view, seed: 3)
    let target = FragmentStorage(Self.layout.resized(environmentCount: 3))
    target.view.copy(4, of: source.view, to: 1)
    for (from, into) in zip(source.layout.columns, target.layout.columns) {
      for row in 0..<from.rowCount {
        let width = from.environmentStride
        let given = bytes(source.view, from, row: row)[4 * width..<5 * width]
        let nothing = Array(repeating: UInt8(0), count: width)
        #expect(bytes(target.view, into, row: row) == nothing + given + nothing)
      }
    }
    withExtendedLifetime((source, target)) {}
  }

  @Test(arguments: [[7], [-1]] as [[Int32]])
  func `an environment that there is not is refused`(chosen: [Int32]) async {
    await #expect(processExitsWith: .failure) { [chosen] in
      let source = FragmentStorage(FragmentSelectionTests.layout)
      let target = FragmentStorage(
        FragmentSelectionTests.layout.resized(environmentCount: chosen.count))
      target.view.gather(chosen.span, of: source.view)
    }
  }
}
