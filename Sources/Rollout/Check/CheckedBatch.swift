/// A batch that is played with random actions, in memory that shows which bytes were written.
///
/// Before each step, everything that the batch has to write is filled with one byte. Two equal
/// batches with different fillers agree exactly in the bytes that both have written.
final class CheckedBatch {
  let batch: any EnvironmentBatch
  let filler: UInt8
  private let storage: FragmentStorage
  private let maskCheck: ActionMaskCheck?
  private var samplers: [PCG64]
  private var drawn: [[UInt8]] = []

  /// Creates a fragment of one step for a batch.
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

  /// Resets the environments into row 0.
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

  /// Copies the state in row 1 to row 0, where the next step begins.
  func advance() { storage.view.copyState(row: 1, to: storage.view, row: 0) }

  private func sample(_ index: Int) {
    let state = StateRow(storage, row: 0)
    batch.spaces.action.sample(
      into: leaves(layout.actPlaces, row: 1, environment: index), using: &samplers[index],
      where: { choice, action in
        maskCheck?.allows(action, of: choice, state, environment: index) ?? true
      })
  }

  /// Returns true if the action of the last step has its drawn value.
  func keepsAction(_ index: Int) -> Bool { actionBytes(index) == drawn[index] }

  private func actionBytes(_ index: Int) -> [UInt8] {
    layout.columns[layout.actPlaces].flatMap { bytes($0, row: 1, environment: index) }
  }

  // MARK: Access to the memory

  /// Returns one environment's values in one row, for a range of columns.
  func leaves(_ places: Range<Int>, row: Int, environment: Int) -> LeafRow {
    LeafRow(storage.view, places, row: row, environment: environment)
  }

  /// Returns the bytes of one environment's value.
  func bytes(_ column: Column, row: Int, environment: Int) -> [UInt8] {
    storage.view.bytes(column, row: row, environment: environment)
  }

  /// Returns true if a value consists only of filler bytes.
  func isUntouched(_ column: Column, row: Int, environment: Int) -> Bool {
    bytes(column, row: row, environment: environment).allSatisfy { $0 == filler }
  }

  /// Returns a flag as a byte, which may be neither 0 nor 1.
  func flag(_ column: Column, row: Int, _ environment: Int) -> UInt8 {
    bytes(column, row: row, environment: environment)[0]
  }

  func stepno(row: Int, _ environment: Int) -> Int32 { storage.view.stepno[row, environment] }

  func reward(row: Int, _ environment: Int) -> Float { storage.view.rew[row, environment] }

  private func fill(_ column: Column, row: Int) {
    storage.view.fill(column, row: row, with: filler)
  }
}
