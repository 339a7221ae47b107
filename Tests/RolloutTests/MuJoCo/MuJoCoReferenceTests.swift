import TestSupport
import Testing

@testable import Rollout

/// MuJoCo's tasks, compared with recordings of Gymnasium 1.4.0 with MuJoCo 4.0.0.
///
/// A recording has the actions, rewards and ends of all steps, and the observations of some.
@Suite(
  .enabled(
    if: Python.mujocoVersion == "4.0.0",
    "python3 has no MuJoCo 4.0.0 with Gymnasium, whose numbers are recorded"))
struct MuJoCoReferenceTests {
  static let files = [
    "ant", "halfcheetah", "hopper", "humanoid", "humanoidstandup", "inverteddoublependulum",
    "invertedpendulum", "pusher", "reacher", "swimmer", "walker2d",
  ]

  @Test(arguments: files)
  func `every lane of a batch is Gymnasium's, bit for bit`(file: String) throws {
    let reference = try Reference("mujoco_\(file)_v5")
    let runs = reference["runs"].elements
    // Each run twice, with another environment between them.
    let lanes = runs + [nil] + runs
    let streams = lanes.map { PCG64(seed: $0.map { UInt64($0["seed"].number) } ?? 99) }
    let id = "mujoco:\(reference["id"].string)"
    let batch = try EnvironmentConfiguration(id, actionBounds: .clip).makeBatch(streams: streams)
    let actions = lanes.map { $0?["action"].elements.map(\.numbers) ?? [] }
    let stepCount = actions.map(\.count).max() ?? 0
    let stage = Stage(batch, stepCount: stepCount)
    let played = stage.fragment.act(as: Float.self)
    for (lane, rows) in actions.enumerated() {
      for (t, row) in rows.enumerated() {
        for element in row.indices { played[t + 1, lane, element] = Float(row[element]) }
      }
    }
    try stage.reset()
    for t in 0..<stepCount {
      try batch.step(stage.fragment, from: t, sticky: false, position: stage.position)
    }
    for (lane, run) in lanes.enumerated() {
      if let run { try expect(stage, lane, run, id: id) }
    }
  }

  /// Expects the numbers of a run in one lane of a fragment.
  private func expect(_ stage: Stage, _ lane: Int, _ run: Reference, id: String) throws {
    let fragment = stage.fragment
    let shown = fragment.obs(as: Double.self)
    let final: ColumnView<Double> = fragment.column(
      try #require(stage.storage.layout.finalObs.value))
    func numbers(_ view: ColumnView<Double>, _ row: Int) -> [Double] {
      (0..<view.elementCount).map { view[row, lane, $0] }
    }
    #expect(numbers(shown, 0) == run["reset"].numbers, "the first reset of \(id)")
    let (rewards, terminated) = (run["reward"].numbers, run["terminated"].numbers)
    let truncated = run["truncated"].numbers
    for t in rewards.indices {
      #expect(fragment.rew[t + 1, lane] == Float(rewards[t]), "reward \(t) of \(id)")
      #expect(fragment.terminated[t, lane] == (terminated[t] == 1), "step \(t) of \(id)")
      #expect(fragment.truncated[t, lane] == (truncated[t] == 1), "step \(t) of \(id)")
    }
    for observation in run["obs"].elements {
      let t = Int(observation["step"].number)
      let isOver = fragment.fin[t + 1, lane]
      #expect(
        numbers(isOver ? final : shown, isOver ? t : t + 1) == observation["obs"].numbers,
        "observation \(t) of \(id)")
    }
    for reset in run["reset_obs"].elements {
      let t = Int(reset["step"].number)
      #expect(fragment.fin[t + 1, lane] && fragment.stepno[t + 1, lane] == 0)
      #expect(numbers(shown, t + 1) == reset["obs"].numbers, "the reset after step \(t) of \(id)")
    }
  }

  /// Rewards are float32 in a fragment, and float64 before.
  @Test(arguments: files)
  func `rewards are Gymnasium's float64, bit for bit`(file: String) throws {
    let reference = try Reference("mujoco_\(file)_v5")
    for run in reference["runs"].elements {
      let environment = try makeMuJoCoEnvironment("mujoco:\(reference["id"].string)")
      var random = PCG64(seed: UInt64(run["seed"].number))
      environment.reset(using: &random)
      let rewards = run["reward"].numbers
      let ends = zip(run["terminated"].numbers, run["truncated"].numbers).map { $0 + $1 > 0 }
      for (t, action) in run["action"].elements.enumerated() {
        let outcome = environment.play(action.numbers.map { Float($0) })
        #expect(outcome.reward.bitPattern == rewards[t].bitPattern, "reward \(t) of \(file)")
        if ends[t] { environment.reset(using: &random) }
      }
    }
  }
}

extension MuJoCoEnvironment {
  /// Plays one action.
  func play(_ actions: [Float]) -> StepOutcome {
    let vector = FlatVector(actions)
    return withExtendedLifetime(vector) { step(RowValues(vector)) }
  }
}

/// Makes one environment, without a batch and its time limit.
func makeMuJoCoEnvironment(_ id: String, arguments: String = "") throws -> MuJoCoEnvironment {
  let configuration = EnvironmentConfiguration(id, arguments: arguments)
  let environment = try EnvironmentRegistry.shared.environment(for: configuration)
  let batch = try environment.make(
    environment.arguments(configuration), [PCG64(seed: 0)], .unread)
  return try #require(batch as? MuJoCoBatch).environments[0]
}
