import Rollout
import Testing

struct FragmentLayoutTests {
  static let sizes = [1, 2, 7, 16, 64]

  /// Nested observations and actions, two outputs and a recurrent state.
  static let contents = FragmentContents(
    spaces: EnvironmentSpaces(of: Cockpit()),
    reaction: .fields([
      ("logits", .leaf(.init(.float32, [5]))), ("value", .leaf(.init(.float32, []))),
    ]),
    finalReaction: .fields([("value", .leaf(.init(.float32, [])))]),
    recurrentState: .list([.leaf(.init(.float32, [2, 3]))]))

  func layout(_ stepCount: Int, _ environmentCount: Int) -> FragmentLayout {
    FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount, contents: Self.contents)
  }

  @Test(arguments: [0] + sizes, sizes)
  func `columns are aligned and lie apart`(stepCount: Int, environmentCount: Int) {
    let layout = layout(stepCount, environmentCount)
    var end = FragmentHeader.byteCount
    for column in layout.columns {
      #expect(column.offset.isMultiple(of: 64))
      // The columns are in order, so each must begin after the end of the previous one.
      #expect(column.offset >= end)
      end = column.offset + column.byteCount
      #expect(column.environmentCount == environmentCount)
    }
    #expect(layout.byteCount >= end && layout.byteCount < end + 64)
    #expect(layout.byteCount.isMultiple(of: 64))
    #expect(MemoryLayout<FragmentHeader>.size <= FragmentHeader.byteCount)
  }

  @Test(arguments: [0] + sizes, sizes)
  func `a packed layout keeps all values in less memory`(
    stepCount: Int, environmentCount: Int
  ) {
    let layout = layout(stepCount, environmentCount)
    let packed = layout.packed
    #expect(packed.columns.count == layout.columns.count && packed.byteCount < layout.byteCount)
    var end = 0
    for column in packed.columns {
      #expect(column.offset >= end && column.offset < end + 8 && column.offset.isMultiple(of: 8))
      end = column.offset + column.byteCount
    }

    let (fragment, kept, copy) = (
      FragmentStorage(layout), FragmentStorage(packed), FragmentStorage(layout)
    )
    scribble(fragment.view, seed: 4)
    kept.view.copy(fragment.view, to: 0)
    copy.view.copy(kept.view, to: 0)
    for column in layout.columns {
      for row in 0..<column.rowCount {
        #expect(bytes(copy.view, column, row: row) == bytes(fragment.view, column, row: row))
      }
    }
  }

  @Test(arguments: [0] + sizes, sizes)
  func `every field has its documented rows`(stepCount: Int, environmentCount: Int) {
    let layout = layout(stepCount, environmentCount)
    let states =
      [layout.stepno, layout.rew, layout.fin] + layout.obs.leaves + layout.act.leaves
      + layout.actor.leaves
    let steps =
      [layout.terminated, layout.truncated] + layout.finalObs.leaves
      + layout.finalReaction.leaves
    #expect(states.allSatisfy { $0.rowCount == 1 + stepCount })
    #expect(steps.allSatisfy { $0.rowCount == stepCount })
    #expect(layout.hx.leaves.allSatisfy { $0.rowCount == 1 })
    #expect(layout.columns.count == states.count + steps.count + layout.hx.leaves.count)
  }

  @Test func `the columns lie in the documented order`() {
    let layout = layout(4, 3)
    let expected =
      [layout.stepno] + layout.obs.leaves + layout.act.leaves + [layout.rew, layout.fin]
      + layout.actor.leaves + [layout.terminated, layout.truncated] + layout.finalObs.leaves
      + layout.finalReaction.leaves + layout.hx.leaves
    #expect(layout.columns == expected)
    #expect(Array(layout.columns[layout.obsPlaces]) == layout.obs.leaves)
    #expect(Array(layout.columns[layout.actPlaces]) == layout.act.leaves)
    #expect(Array(layout.columns[layout.finalObsPlaces]) == layout.finalObs.leaves)
    #expect(layout.stateColumns.count == 3 + layout.obs.leaves.count + layout.act.leaves.count)
  }

  @Test func `a row begins where the formula says`() {
    let layout = layout(4, 3)
    for column in layout.columns {
      for row in 0..<column.rowCount {
        #expect(column.offset(row: row) == column.offset + row * column.rowStride)
        for environment in 0..<3 {
          #expect(
            column.offset(row: row, environment: environment)
              == column.offset + row * (3 * column.environmentStride)
              + environment * column.environmentStride)
        }
      }
    }
    #expect(layout.stepno.offset == FragmentHeader.byteCount)
    #expect(layout.stepno.byteCount == 5 * 3 * 4)
    #expect(layout.actor["logits"]?.value?.environmentStride == 20)
  }

  @Test func `a single row carries the state`() {
    let layout = layout(4, 3)
    #expect(layout.singleRow.stepCount == 0)
    #expect(layout.singleRow.stateColumns.map(\.rowStride) == layout.stateColumns.map(\.rowStride))
    let (from, into) = (FragmentStorage(layout), FragmentStorage(layout.singleRow))
    scribble(from.view)
    from.view.copyState(row: 4, to: into.view, row: 0)
    for (source, target) in zip(layout.stateColumns, layout.singleRow.stateColumns) {
      #expect(bytes(from.view, source, row: 4) == bytes(into.view, target, row: 0))
    }
    withExtendedLifetime((from, into)) {}
  }
}
