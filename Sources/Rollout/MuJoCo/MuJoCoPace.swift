/// A comparison of an environment's speed with that of the simulation alone.
///
/// Both play the same episodes: the simulation alone repeats the actions and the resets, since a
/// robot that has fallen costs more than one that flies.
package struct MuJoCoPace {
  /// The environment's steps per second, recorded into a fragment, with resets.
  package let stepsPerSecond: Double
  /// The same for `mj_step` with the environment's frame skip.
  package let bareStepsPerSecond: Double

  /// The number of steps of a repetition, which begins with a reset.
  private static let stepCount = 1000
  /// The number of steps that are timed together.
  private static let partStepCount = 20

  /// Measures an environment with random actions.
  ///
  /// Every repetition is the same motion. It is timed in parts, and the fastest repetition of each
  /// part counts, because other programs can only slow it down.
  ///
  /// - Parameters:
  ///   - id: the environment's name.
  ///   - seconds: the approximate duration.
  /// - Throws: an error of making the environment.
  package init(_ id: String, seconds: Double) throws {
    let configuration = EnvironmentConfiguration(id)
    let environment = try EnvironmentRegistry.shared.environment(for: configuration)
    let made = try environment.make(
      environment.arguments(configuration), [PCG64(seed: 1)], .unread)
    guard let batch = made as? MuJoCoBatch else { preconditionFailure("\(id) is not MuJoCo's") }
    let storage = FragmentStorage(
      FragmentLayout(
        stepCount: Self.stepCount, environmentCount: 1,
        contents: FragmentContents(spaces: batch.spaces, reaction: .empty)))
    let fragment = storage.view
    Self.drawActions(fragment, batch.spaces.action)

    var best = Array(
      repeating: (whole: UInt64.max, bare: UInt64.max), count: Self.stepCount / Self.partStepCount)
    let end = SystemCalls.monotonicNanoseconds() + UInt64(seconds * 1e9)
    repeat {
      for isBare in [false, true] {
        batch.restart(streams: [PCG64(seed: 1)])
        try batch.reset(into: fragment, row: 0)
        for part in best.indices {
          let start = SystemCalls.monotonicNanoseconds()
          for t in part * Self.partStepCount..<(part + 1) * Self.partStepCount {
            if isBare {
              batch.repeatStep(fragment, from: t)
            } else {
              try batch.step(fragment, from: t, sticky: false, position: .unread)
            }
          }
          let elapsed = SystemCalls.monotonicNanoseconds() - start
          if isBare {
            best[part].bare = min(best[part].bare, elapsed)
          } else {
            best[part].whole = min(best[part].whole, elapsed)
          }
        }
      }
    } while SystemCalls.monotonicNanoseconds() < end
    let stepCount = Double(Self.stepCount)
    stepsPerSecond = stepCount * 1e9 / Double(best.reduce(0) { $0 + $1.whole })
    bareStepsPerSecond = stepCount * 1e9 / Double(best.reduce(0) { $0 + $1.bare })
  }

  private static func drawActions(_ fragment: FragmentView, _ space: Space) {
    guard case .box(_, let low, let high, _) = space else { return }
    let actions = fragment.act(as: Float.self)
    var random = PCG64(seed: 2)
    for row in 1...stepCount {
      for element in 0..<actions.elementCount {
        actions[row, 0, element] = Float(random.uniform(max(low, -1), min(high, 1)))
      }
    }
  }
}

extension MuJoCoBatch {
  /// Repeats the motion of a recorded step, without observations and rewards.
  fileprivate func repeatStep(_ fragment: FragmentView, from t: Int) {
    fragment.withStepRows(from: t, sticky: false) { rows in
      for index in 0..<count {
        environments[index].move(rows.after.act(index).elements(Float.self))
        if rows.after.fin[index] { environments[index].reset(using: &streams[index]) }
      }
    }
  }
}
