import Glibc
import TestSupport
import Testing

@testable import Rollout

/// Gymnasium's classic tasks besides CartPole, compared with its recordings.
///
/// All are equal bit for bit. This requires the same order of operations and three further facts.
/// Sine and cosine of a float64 are glibc's in NumPy 2.4.6 (on 1.6 million angles within ±30, none
/// differed). `x ** 2` of a scalar is the C library's power. The observation of an Acrobot after a
/// reset uses NumPy's float32 polynomials.
struct ClassicControlTests {
  @Test func `MountainCar is Gymnasium's, bit for bit`() throws {
    try GymnasiumRecording(id: "MountainCar-v0", file: "gymnasium_mountaincar_v0")
      .follow({ MountainCar() }, action: { Int($0.number) })
  }

  @Test func `MountainCarContinuous is Gymnasium's, bit for bit`() throws {
    try GymnasiumRecording(
      id: "MountainCarContinuous-v0", file: "gymnasium_mountaincarcontinuous_v0"
    ).follow({ MountainCarContinuous() }, action: { Float($0.numbers[0]) })
  }

  @Test func `Acrobot is Gymnasium's, bit for bit`() throws {
    try GymnasiumRecording(id: "Acrobot-v1", file: "gymnasium_acrobot_v1")
      .follow({ Acrobot() }, action: { Int($0.number) })
  }

  @Test func `Pendulum is Gymnasium's, bit for bit`() throws {
    try GymnasiumRecording(id: "Pendulum-v1", file: "gymnasium_pendulum_v1")
      .follow({ Pendulum() }, action: { Float($0.numbers[0]) })
  }

  @Test(arguments: [
    "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1", "Pendulum-v1",
  ])
  func `equal seeds give equal episodes and other seeds others`(id: String) throws {
    func play(_ seed: UInt64) throws -> [Float] {
      let environments = try EnvironmentConfiguration(id).makeBatch(streams: [PCG64(seed: seed)])
      let stage = Stage(environments, stepCount: 9)
      try stage.reset()
      stage.fillActions()
      try stage.play()
      let shown = stage.fragment.obs(as: Float.self)
      return (0...9).flatMap { row in
        (0..<environments.spaces.observation.leaves.leaves[0].elementCount).map {
          shown[row, 0, $0]
        }
      }
    }
    #expect(try play(1) == play(1))
    #expect(try play(1) != play(2))
  }

  @Test(
    .enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"),
    arguments: [
      "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1", "Pendulum-v1",
    ])
  func `a step needs no memory`(id: String) async {
    await #expect(processExitsWith: .success) { [id = id as String] in
      let environments = try EnvironmentConfiguration(id).makeBatch(
        streams: (0..<9).map { PCG64(seed: $0) })
      let stage = Stage(environments, stepCount: 50)
      try stage.reset()
      stage.fillActions()
      try stage.play()
      let fragment = stage.fragment
      Exhaustion.exhaustMemory()
      for round in 0..<100 { try stage.play(fragment, sticky: round % 2 == 1) }
      _exit(0)
    }
  }

  @Test func `a square is the C library's power, bit for bit`() {
    // The exponent is unknown at compile time; otherwise these would be products too.
    let two = Double(CommandLine.arguments.isEmpty ? 3 : 2)
    var random = PCG64(seed: 6)
    var (differing, uneven) = (0, 0)
    for _ in 0..<1_000_000 {
      let value = random.uniform(-30, 30)
      differing += NumPyPower.square(value) == pow(value, two) ? 0 : 1
      uneven += value * value == pow(value, two) ? 0 : 1
    }
    #expect(differing == 0)

    for _ in 0..<50_000 {
      var values = SIMD8<Float>()
      for lane in 0..<8 { values[lane] = Float(random.uniform(-3, 3)) }
      let squares = NumPyPower.square(values)
      for lane in 0..<8 {
        let power = powf(values[lane], Float(two))
        differing += NumPyPower.square(values[lane]) == power && squares[lane] == power ? 0 : 1
      }
    }
    #expect(differing == 0)
    // The reason for the detour: about one product in a thousand.
    #expect(uneven > 0)
  }

  // Traps are tested in separate processes.
  @Test func `an action that MountainCar does not have traps`() async {
    await #expect(processExitsWith: .failure) {
      var environment = MountainCar()
      var random = PCG64(seed: 0)
      _ = environment.step(3, using: &random)
    }
  }

  @Test func `an action that Acrobot does not have traps`() async {
    await #expect(processExitsWith: .failure) {
      var environment = Acrobot()
      var random = PCG64(seed: 0)
      _ = environment.step(-1, using: &random)
    }
  }

  @Test func `the left wall stops a mountain car`() {
    var random = PCG64(seed: 0)
    var environment = MountainCar()
    environment.state = [-1.2, -0.05]
    _ = environment.step(0, using: &random)
    #expect(environment.state == [-1.2, 0])
  }

  @Test func `a mountain car that rolls back over the goal has not arrived`() {
    var random = PCG64(seed: 0)
    for (velocity, arrives) in [(0.02, true), (-0.001, false)] {
      var environment = MountainCar()
      environment.state = [0.55, velocity]
      // Pushed to the left, a slow car continues to roll back.
      #expect(environment.step(0, using: &random).terminated == arrives)
    }
  }

  @Test func `a clipped force costs what was asked for`() {
    // Gymnasium computes the cost of the action before it clips the force.
    var random = PCG64(seed: 0)
    var (clipped, full) = (MountainCarContinuous(), MountainCarContinuous())
    clipped.reset(using: &random)
    full.state = clipped.state
    #expect(clipped.step(2, using: &random).reward == -0.4)
    #expect(full.step(1, using: &random).reward == -0.1)
    #expect(abs(clipped.state.x - full.state.x) < 1e-6)
  }
}
