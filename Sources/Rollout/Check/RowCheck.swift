/// A check of the rows that two equal batches wrote.
struct RowCheck {
  let one: CheckedBatch
  let twin: CheckedBatch
  /// The maximum number of steps of an episode; `nil` for no limit.
  let limit: Int?

  private var layout: FragmentLayout { one.layout }
  private var spaces: EnvironmentSpaces { one.batch.spaces }

  /// Checks row 0 after a reset.
  func checkReset(_ notes: inout CheckNotes) {
    notes.look(at: .reset)
    for index in 0..<one.batch.count {
      let place = "environment \(index) after a reset"
      let stepno = one.stepno(row: 0, index)
      if stepno != 0 { notes.blame(.reset, "\(place) has stepno \(stepno), not 0") }
      let reward = one.reward(row: 0, index)
      if reward != 0 { notes.blame(.reset, "\(place) has the reward \(reward), not 0") }
      let fin = one.flag(layout.fin, row: 0, index)
      if fin != 1 { notes.blame(.reset, "\(place) has fin \(fin), not 1") }
      for column in layout.columns[layout.actPlaces]
      where one.bytes(column, row: 0, environment: index).contains(where: { $0 != 0 }) {
        notes.blame(.reset, "\(place) has an action that is not 0")
      }
      checkObservation(layout.obsPlaces, row: 0, index, .observations, "\(place)", &notes)
      compare(row: 0, index, place, &notes)
    }
  }

  /// Checks a step from row 0 to row 1.
  ///
  /// - Parameter step: the number of steps since the first reset.
  func checkStep(_ step: Int, _ notes: inout CheckNotes) {
    notes.look(at: .actions, .flags, .limit)
    for index in 0..<one.batch.count {
      let place = "environment \(index) at step \(step)"
      notes.stepCount += 1
      checkObservation(layout.obsPlaces, row: 1, index, .observations, place, &notes)
      let reward = one.reward(row: 1, index)
      if !reward.isFinite { notes.blame(.numbers, "\(place): the reward is \(reward)") }
      if !one.keepsAction(index) {
        notes.blame(.actions, "\(place): the drawn action is overwritten")
      }
      let isOver = checkFlags(index, place, &notes)
      checkFinal(index, isOver: isOver, place, &notes)
      if !isIdle(index) { checkInformation(index, place, &notes) }
      compare(row: 1, index, place, &notes)
    }
  }

  private func checkObservation(
    _ places: Range<Int>, row: Int, _ index: Int,
    _ subject: EnvironmentCheckReport.Subject, _ place: String, _ notes: inout CheckNotes
  ) {
    notes.look(at: subject, .numbers)
    let name = subject == .finals ? "the final observation" : "the observation"
    for column in layout.columns[places]
    where hasUnwrittenElement(column, row, index) {
      notes.blame(subject, "\(place): \(name) is not written completely")
      return
    }
    let leaves = one.leaves(places, row: row, environment: index)
    notes.blame(
      subject, spaces.observation.violation(in: leaves).map { "\(place): \(name) \($0)" })
    notes.blame(
      .numbers, spaces.observation.nonFinite(in: leaves).map { "\(place): \(name) \($0)" })
  }

  /// Checks flags, step numbers and the limit.
  ///
  /// - Returns: true if the episode ended.
  private func checkFlags(_ index: Int, _ place: String, _ notes: inout CheckNotes) -> Bool {
    let terminated = one.flag(layout.terminated, row: 0, index)
    let truncated = one.flag(layout.truncated, row: 0, index)
    let fin = one.flag(layout.fin, row: 1, index)
    for (name, flag) in [("terminated", terminated), ("truncated", truncated), ("fin", fin)]
    where flag > 1 {
      notes.blame(.flags, "\(place): \(name) is not written, or is neither 0 nor 1")
    }
    let isOver = terminated == 1 || truncated == 1
    if isOver { notes.episodeCount += 1 }
    let isIdle = isIdle(index)
    if isOver != (fin == 1), !isIdle {
      notes.blame(
        .flags,
        "\(place): fin is \(fin) with terminated \(terminated) and truncated \(truncated)")
    }
    let (before, after) = (one.stepno(row: 0, index), one.stepno(row: 1, index))
    let expected = isOver || isIdle ? 0 : before &+ 1
    if after != expected {
      notes.blame(.flags, "\(place): stepno is \(after) after \(before), not \(expected)")
    }
    if let limit {
      let length = Int(before) + 1
      if length > limit || (length == limit && !isOver) {
        notes.blame(
          .limit, "\(place): an episode of \(length) steps continues despite the limit \(limit)")
      }
    }
    return isOver
  }

  /// Returns true if the step of a vector environment only reset one environment.
  private func isIdle(_ index: Int) -> Bool {
    spaces.mayIdle && one.flag(layout.fin, row: 1, index) == 1
      && one.flag(layout.terminated, row: 0, index) == 0
      && one.flag(layout.truncated, row: 0, index) == 0 && one.stepno(row: 0, index) == 0
  }

  private func checkFinal(
    _ index: Int, isOver: Bool, _ place: String, _ notes: inout CheckNotes
  ) {
    notes.look(at: .finals)
    if isOver {
      checkObservation(layout.finalObsPlaces, row: 0, index, .finals, place, &notes)
      return
    }
    for column in layout.columns[layout.finalObsPlaces]
    where !one.isUntouched(column, row: 0, environment: index)
      || !twin.isUntouched(column, row: 0, environment: index)
    {
      notes.blame(.finals, "\(place): a final observation is written, but no episode ended")
    }
  }

  private func checkInformation(_ index: Int, _ place: String, _ notes: inout CheckNotes) {
    guard !layout.infoPlaces.isEmpty else { return }
    notes.look(at: .information)
    let leaves = one.leaves(layout.infoPlaces, row: 0, environment: index)
    let types = spaces.information.leaves.leaves.map(\.elementType)
    for (leaf, column) in layout.columns[layout.infoPlaces].enumerated() {
      if hasUnwrittenElement(column, 0, index) {
        notes.blame(.information, "\(place): the information is not written completely")
        return
      }
      if !leaves.dropping(leaf).number(as: types[leaf], at: 0).isNaN { notes.told.insert(leaf) }
    }
    notes.blame(
      .information,
      spaces.information.violation(in: leaves).map { "\(place): the information \($0)" })
  }

  /// Notes the information that no step has told.
  func checkNames(_ notes: inout CheckNotes) {
    for (leaf, path) in spaces.information.leaves.paths().enumerated()
    where !notes.told.contains(leaf) {
      notes.doubt(.information, "no step told a number '\(path)'")
    }
  }

  /// Compares a state row of both batches and, after the end of an episode, the final observation.
  private func compare(row: Int, _ index: Int, _ place: String, _ notes: inout CheckNotes) {
    notes.look(at: .equalSeeds)
    var parts: [(String, Range<Int>, Int)] = [
      ("observation", layout.obsPlaces, row), ("action", layout.actPlaces, row),
    ]
    if row == 1 { parts.append(("information", layout.infoPlaces, 0)) }
    if row == 1, one.flag(layout.fin, row: 1, index) == 1 {
      parts.append(("final observation", layout.finalObsPlaces, 0))
    }
    for (name, places, row) in parts {
      for column in layout.columns[places] { same(name, column, row) }
    }
    same("reward", layout.rew, row)
    same("fin", layout.fin, row)
    same("stepno", layout.stepno, row)

    func same(_ name: String, _ column: Column, _ row: Int) {
      // Bytes that neither batch wrote differ as well, and are reported elsewhere.
      let differs = pairs(column, row, index).contains { $0 != $1 && !isUnwritten($0, $1) }
      guard differs else { return }
      notes.blame(.equalSeeds, "\(place): the \(name) differs between two runs with one seed")
    }
  }

  /// Returns the bytes of a value in both batches.
  private func pairs(_ column: Column, _ row: Int, _ index: Int) -> [(UInt8, UInt8)] {
    Array(
      zip(
        one.bytes(column, row: row, environment: index),
        twin.bytes(column, row: row, environment: index)))
  }

  /// Returns true if a value has an element that neither batch wrote.
  ///
  /// All bytes of the element count: single ones that differ by chance may equal the fillers.
  private func hasUnwrittenElement(_ column: Column, _ row: Int, _ index: Int) -> Bool {
    let pairs = pairs(column, row, index)
    let byteCount = max(1, pairs.count / max(1, column.elementCount))
    return stride(from: 0, to: pairs.count, by: byteCount).contains { start in
      pairs[start..<min(start + byteCount, pairs.count)].allSatisfy(isUnwritten)
    }
  }

  private func isUnwritten(_ first: UInt8, _ second: UInt8) -> Bool {
    first == one.filler && second == twin.filler
  }
}
