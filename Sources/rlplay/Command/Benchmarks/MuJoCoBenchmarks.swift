import Rollout

/// The speed of MuJoCo's environments on one core beside that of the simulation alone.
///
/// They need MuJoCo, so they are measured by name only.
enum MuJoCoBenchmarks {
  /// The name under which all of them are asked for.
  static let name = "mujoco"

  static let all: [Benchmark] = [
    ("half_cheetah", "HalfCheetah-v5"), ("hopper", "Hopper-v5"), ("walker2d", "Walker2d-v5"),
    ("ant", "Ant-v5"), ("humanoid", "Humanoid-v5"),
  ].map { suffix, id in
    Benchmark(
      "mujoco_\(suffix)", .stepsPerSecond, "one \(id) with random actions, recorded into a fragment"
    ) { settings in
      let pace = try MuJoCoPace("mujoco:\(id)", seconds: settings.seconds)
      let share = pace.stepsPerSecond / pace.bareStepsPerSecond
      return BenchmarkResult(
        pace.stepsPerSecond,
        remark: "\(NumberText.fixed(share, 2)) × mj_step alone, "
          + "\(NumberText.short(pace.bareStepsPerSecond)) steps/s")
    }
  }
}
