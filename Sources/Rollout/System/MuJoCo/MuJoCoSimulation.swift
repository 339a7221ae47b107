/// The simulation of one environment: the state of a model and its motion.
///
/// Arrays are views of MuJoCo's own memory, valid as long as the simulation. `step` leaves derived
/// quantities, such as the places of bodies, at their values before the last integration.
final class MuJoCoSimulation {
  let model: MuJoCoModel
  /// The positions of joints, as a reset leaves them unless they are changed afterwards.
  let initialPositions: [Double]
  let positions: RowValues<Double>
  let velocities: RowValues<Double>
  let controls: RowValues<Double>
  /// The duration of one step of the simulation in seconds.
  let timeStep: Double

  private let data: MuJoCoFunctions.Data
  /// The whole state, for snapshots.
  private let state: FlatVector<Double>
  private var calls: MuJoCoFunctions { model.library.functions }

  /// Makes a simulation in the initial state of a model.
  ///
  /// - Throws: `GymnasiumError` if MuJoCo has no memory.
  init(_ model: MuJoCoModel) throws(GymnasiumError) {
    let calls = model.library.functions
    guard let data = calls.makeData(model.model) else { throw MuJoCoModel.outOfMemory }
    self.model = model
    self.data = data
    positions = model.layout.values(.positions, of: data)
    velocities = model.layout.values(.velocities, of: data)
    controls = model.layout.values(.controls, of: data)
    state = FlatVector(
      repeating: 0, count: Int(calls.stateSize(model.model, model.wholeState)))
    initialPositions = (0..<positions.count).map { [positions] in positions[$0] }
    // The time is part 0 of the state, and 0 at first.
    calls.step(model.model, data)
    var time = 0.0
    calls.getState(model.model, data, &time, 1)
    timeStep = time
    calls.resetData(model.model, data)
    calls.forward(model.model, data)
  }

  deinit { calls.deleteData(data) }

  /// Returns one of MuJoCo's arrays; an empty one if the model has none.
  func values(_ array: MuJoCoArray) -> RowValues<Double> { model.layout.values(array, of: data) }

  /// Restores the initial state.
  func reset() { calls.resetData(model.model, data) }

  /// Computes everything that follows from positions, velocities and controls.
  func forward() { calls.forward(model.model, data) }

  /// Moves on by some steps of the simulation.
  func step(_ count: Int) {
    let (step, model) = (calls.step, model.model)
    for _ in 0..<count { step(model, data) }
  }

  /// Computes the external forces on bodies, which `step` leaves out.
  func completeForces() { calls.completeForces(model.model, data) }

  /// Measures, saves or restores the state.
  ///
  /// Derived quantities are not restored; the next step computes them.
  func transfer(_ snapshot: inout SnapshotCursor) {
    if !snapshot.isRestoring {
      calls.getState(model.model, data, state.base, model.wholeState)
    }
    snapshot.transfer(state)
    snapshot.require(
      state.elements.allSatisfy { $0.magnitude <= 1e10 }, "a number of MuJoCo's state")
    if snapshot.isRestoring {
      calls.setState(model.model, data, state.base, model.wholeState)
    }
  }
}
