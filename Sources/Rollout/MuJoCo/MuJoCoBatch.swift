/// A batch of environments of MuJoCo, each with a simulation of its own, for one model.
final class MuJoCoBatch: SingleResetBatch, SnapshotBatch, RestartableBatch {
  let count: Int
  let spaces: EnvironmentSpaces

  let environments: [MuJoCoEnvironment]
  let streams: FlatVector<PCG64>
  private let marker: OwnedPositionMarker
  private let checkedLayout = CheckedLayout()

  /// Makes one environment per random stream.
  ///
  /// - Precondition: there is at least one stream.
  init(
    streams: [PCG64], marker: OwnedPositionMarker, make: () throws -> MuJoCoEnvironment
  ) throws {
    precondition(!streams.isEmpty, "a batch without environments")
    environments = try streams.indices.map { index in
      marker.position.mark(.making, environment: index)
      return try make()
    }
    spaces = environments[0].spaces
    count = streams.count
    self.streams = FlatVector(streams)
    self.marker = marker
  }

  func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    fragment.withStateRow(row) { state in
      for index in 0..<count {
        begin(index, in: state)
        state.begin(index, actionLeafCount: fragment.layout.actPlaces.count)
      }
    }
  }

  func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    fragment.withStateRow(row) { state in
      begin(index, in: state)
      state.stepno[index] = 0
    }
  }

  func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    fragment.withStepRows(from: t, sticky: sticky) { rows in
      for index in 0..<count {
        if rows.isFrozen(index) {
          rows.repeatState(index)
        } else {
          play(index, rows, position)
        }
      }
    }
  }

  /// Replaces the random streams; a reset restores everything else.
  func restart(streams: [PCG64]) {
    precondition(streams.count == count, "\(streams.count) streams for a batch of \(count)")
    self.streams.assign(streams)
  }

  func transfer(_ snapshot: inout SnapshotCursor) {
    for environment in environments { environment.transfer(&snapshot) }
    snapshot.transfer(streams: streams)
  }

  /// Plays one row of one environment.
  private func play(_ index: Int, _ rows: StepRows, _ position: PositionMarker) {
    let environment = environments[index]
    let elapsed = rows.before.stepno[index]
    position.mark(environment: index, step: elapsed)
    let outcome = environment.step(rows.after.act(index).elements(Float.self))
    rows.terminated[index] = outcome.terminated
    rows.truncated[index] = false
    for leaf in 0..<environment.information.count {
      rows.info(index).dropping(leaf).store(environment.information[leaf])
    }
    rows.after.rew[index] = Float(outcome.reward)
    rows.after.fin[index] = outcome.terminated
    rows.after.stepno[index] = outcome.terminated ? 0 : elapsed &+ 1
    if outcome.terminated {
      environment.observe(into: rows.finalObs(index).elements(Double.self))
      begin(index, in: rows.after)
    } else {
      environment.observe(into: rows.after.obs(index).elements(Double.self))
    }
  }

  private func begin(_ index: Int, in state: StateRow) {
    marker.position.mark(.resetting, environment: index)
    environments[index].reset(using: &streams[index])
    environments[index].observe(into: state.obs(index).elements(Double.self))
  }
}
