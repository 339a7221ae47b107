/// A batch that is played with random actions, one step at a time, in memory that tells what was written.
///
/// Before each step all that the batch is to write is filled with one byte. Two batches that play the
/// same with different fillers are equal exactly where both have written.
final class CheckedBatch {
  let batch: any EnvironmentBatch
  let filler: UInt8
  private let storage: FragmentStorage
  private let maskCheck: ActionMaskCheck?
  private var samplers: [PCG64]
  private var drawn: [[UInt8]] = []

  /// Prepares a fragment of one step.
  init(_ batch: any EnvironmentBatch, filler: UInt8, samplers: [PCG64]) {
    self.batch = batch
    self.filler = filler
    self.samplers = samplers
    storage = FragmentStorage(
      FragmentLayout(
        stepCount: 1, environmentCount: batch.count,
        contents: FragmentContents(spaces: batch.spaces, reaction: .empty)))
    maskCheck = ActionMaskCheck(batch.spaces)
  }

  var layout: FragmentLayout { storage.layout }

  /// Begins in row 0.
  func reset() throws {
    for column in layout.columns { fill(column, row: 0) }
    try batch.reset(into: storage.view, row: 0)
  }

  /// Draws an action for each environment and steps from row 0 to row 1.
  func step() throws {
    for column in layout.stateColumns { fill(column, row: 1) }
    for column in layout.columns where column.rowCount == 1 { fill(column, row: 0) }
    for index in 0..<batch.count { sample(index) }
    drawn = (0..<batch.count).map(actionBytes)
    try batch.step(storage.view, from: 0, sticky: false, position: .unread)
  }

  /// Makes row 1 the row that the next step begins at.
  func advance() { storage.view.copyState(row: 1, to: storage.view, row: 0) }

  private func sample(_ index: Int) {
    withRow(0) { state in
      batch.spaces.action.sample(
        into: leaves(layout.actPlaces, row: 1, environment: index), using: &samplers[index],
        where: { choice, action in
          maskCheck?.allows(action, of: choice, state, environment: index) ?? true
        })
    }
  }

  /// Whether the action of the last step is as it was drawn.
  func keepsAction(_ index: Int) -> Bool { actionBytes(index) == drawn[index] }

  private func actionBytes(_ index: Int) -> [UInt8] {
    layout.columns[layout.actPlaces].flatMap { bytes($0, row: 1, environment: index) }
  }

  // MARK: What lies where

  /// The values of one environment in one row, from the first of some columns on.
  func leaves(_ places: Range<Int>, row: Int, environment: Int) -> LeafRow {
    // The columns are the layout's own array, which lives as long as the storage.
    layout.columns.withUnsafeBufferPointer { columns in
      LeafRow(
        base: storage.view.base,
        columns: columns.baseAddress.unsafelyUnwrapped + places.lowerBound, row: row,
        environment: environment)
    }
  }

  private func withRow<Result>(_ row: Int, _ body: (StateRow) -> Result) -> Result {
    layout.columns.withUnsafeBufferPointer { columns in
      body(StateRow(storage.view, columns: columns.baseAddress.unsafelyUnwrapped, row: row))
    }
  }

  /// The bytes of one environment's value.
  func bytes(_ column: Column, row: Int, environment: Int) -> [UInt8] {
    Array(
      UnsafeRawBufferPointer(
        start: storage.view.base + column.offset(row: row, environment: environment),
        count: column.environmentStride))
  }

  /// Whether a value is as it was before the step.
  func isUntouched(_ column: Column, row: Int, environment: Int) -> Bool {
    bytes(column, row: row, environment: environment).allSatisfy { $0 == filler }
  }

  /// A flag as the byte that it is.
  func flag(_ column: Column, row: Int, _ environment: Int) -> UInt8 {
    bytes(column, row: row, environment: environment)[0]
  }

  func stepno(row: Int, _ environment: Int) -> Int32 { storage.view.stepno[row, environment] }

  func reward(row: Int, _ environment: Int) -> Float { storage.view.rew[row, environment] }

  private func fill(_ column: Column, row: Int) {
    (storage.view.base + column.offset(row: row))
      .initializeMemory(as: UInt8.self, repeating: filler, count: column.rowStride)
  }
}
