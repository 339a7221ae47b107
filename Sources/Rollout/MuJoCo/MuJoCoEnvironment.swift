import Glibc

/// One environment of MuJoCo: a simulation and the task that it plays.
final class MuJoCoEnvironment {
  let simulation: MuJoCoSimulation
  let observationCount: Int
  /// The numbers that the last step told, in the order of the task's names.
  let information: FlatVector<Float>

  private let task: any MuJoCoTask
  private let observed: [ObservedNumbers]
  private let needsForces: Bool
  private let frameSkip: Int
  /// The duration of a step in seconds.
  private let duration: Double
  /// The task's place after the last step.
  ///
  /// It may be derived from the state before the last integration, so it is part of a snapshot.
  private var place = SIMD2<Double>.zero

  /// Makes an environment whose episodes begin by `reset`.
  ///
  /// - Parameter frameSkip: the number of steps of the simulation in one step.
  init(_ task: any MuJoCoTask, _ simulation: MuJoCoSimulation, frameSkip: Int) {
    self.task = task
    self.simulation = simulation
    self.frameSkip = frameSkip
    observed = task.observed
    needsForces = task.needsForces
    observationCount = observed.reduce(0) { $0 + $1.range.count }
    information = FlatVector(repeating: 0, count: task.informationNames.count)
    duration = simulation.timeStep * Double(frameSkip)
  }

  /// The spaces; Gymnasium's, and float64 as there.
  var spaces: EnvironmentSpaces {
    let ranges = simulation.model.controlRanges
    let low = ranges.map(\.low).min() ?? -.infinity
    let high = ranges.map(\.high).max() ?? .infinity
    func number(_ name: String) -> SpaceField {
      SpaceField(name, .box(shape: [], low: -.infinity, high: .infinity))
    }
    var spaces = EnvironmentSpaces(
      observation: .box(
        shape: [observationCount], low: -.infinity, high: .infinity, elementType: .float64),
      action: .box(shape: [simulation.controls.count], low: low, high: high),
      information: .dict(task.informationNames.map(number)))
    if ranges.contains(where: { $0.low != low || $0.high != high }) {
      spaces.elementBounds = [0: ranges]
    }
    return spaces
  }

  /// Begins an episode.
  func reset(using random: inout PCG64) {
    simulation.reset()
    task.draw(simulation, using: &random)
    simulation.forward()
    task.update()
    place = task.place
  }

  /// Plays one action.
  func step(_ actions: RowValues<Float>) -> StepOutcome {
    move(actions)
    if needsForces { simulation.completeForces() }
    task.update()
    let next = task.place
    let velocity = (next - place) / duration
    place = next
    return task.evaluate(
      MuJoCoStep(actions: actions, velocity: velocity, information: RowValues(information)))
  }

  /// Moves the simulation on by one step of the environment.
  func move(_ actions: RowValues<Float>) {
    let controls = simulation.controls
    for index in 0..<controls.count { controls[index] = Double(actions[index]) }
    simulation.step(frameSkip)
  }

  /// Writes the current observation.
  func observe(into row: RowValues<Double>) {
    var next = 0
    for part in observed {
      let source = part.source
      switch part.transform {
      case .identity:
        for index in part.range { row[next + index - part.range.lowerBound] = source[index] }
      case .sine:
        for index in part.range { row[next + index - part.range.lowerBound] = sin(source[index]) }
      case .cosine:
        for index in part.range { row[next + index - part.range.lowerBound] = cos(source[index]) }
      case .clipped(let bounds):
        for index in part.range {
          row[next + index - part.range.lowerBound] = source[index].clipped(to: bounds)
        }
      }
      next += part.range.count
    }
  }

  /// Measures, saves or restores the state.
  func transfer(_ snapshot: inout SnapshotCursor) {
    simulation.transfer(&snapshot)
    snapshot.transfer(&place)
    snapshot.require(place.x.isFinite && place.y.isFinite, "the place \(place)")
  }
}

extension Double {
  /// Returns the nearest number within bounds; NaN stays NaN.
  func clipped(to bounds: ClosedRange<Double>) -> Double {
    self < bounds.lowerBound
      ? bounds.lowerBound : self > bounds.upperBound ? bounds.upperBound : self
  }
}
