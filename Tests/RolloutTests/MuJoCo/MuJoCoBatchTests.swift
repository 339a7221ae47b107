import Foundation
import TestSupport
import Testing

@testable import Rollout

/// Batches of MuJoCo's tasks: snapshots, memory, models of one's own, and errors.
@Suite(.enabled(if: Python.hasMuJoCo, "\(Python.mujocoAbsence)"), .timeLimit(.minutes(10)))
struct MuJoCoBatchTests {
  /// A pendulum on a cart and a target, with unequal and missing bounds of controls.
  private static let model = """
    <mujoco>
      <option timestep="0.01"/>
      <worldbody>
        <body name="target" pos="1 0 0.5"/>
        <body name="cart" pos="0 0 0.5">
          <joint name="slide" type="slide" axis="1 0 0"/>
          <geom type="box" size=".1 .1 .1" mass="1"/>
          <body name="pole" pos="0 0 0.1">
            <joint name="hinge" axis="0 1 0"/>
            <geom type="capsule" fromto="0 0 0 0 0 0.6" size="0.05" mass="0.1"/>
          </body>
        </body>
      </worldbody>
      <actuator>
        <motor joint="slide" gear="20" ctrllimited="true" ctrlrange="-2 1"/>
        <motor joint="hinge"/>
      </actuator>
    </mujoco>
    """

  private func withModel(_ text: String = model, _ body: (String) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let path = directory.appendingPathComponent("own.xml").path
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      try body(path)
    }
  }

  private func stage(
    _ id: String, arguments: String = "", count: Int, stepCount: Int, limit: Int = 15
  ) throws -> Stage {
    let batch = try EnvironmentConfiguration(
      id, arguments: arguments, limit: .steps(limit), actionBounds: .clip
    ).makeBatch(streams: (0..<count).map { PCG64(seed: UInt64(40 + $0)) })
    let stage = Stage(batch, stepCount: stepCount)
    let actions = stage.fragment.act(as: Float.self)
    var random = PCG64(seed: 3)
    for t in 1...stepCount {
      for index in 0..<count {
        for element in 0..<actions.elementCount {
          actions[t, index, element] = Float(random.uniform(-1, 1))
        }
      }
    }
    return stage
  }

  private func play(_ stage: Stage, sticky: Bool = false) throws {
    for t in 0..<stage.storage.layout.stepCount {
      try stage.batch.step(stage.fragment, from: t, sticky: sticky, position: stage.position)
    }
  }

  @Test(arguments: MuJoCoDescription.ids)
  func `a batch goes on from a snapshot, bit for bit`(id: String) throws {
    let first = try stage(id, count: 3, stepCount: 20)
    try first.reset()
    try play(first)
    let saved = try #require(first.batch.capability((any SnapshotBatch).self))
    let size = SnapshotCursor.measure { saved.transfer(&$0) }
    let bytes = FlatVector<UInt8>(repeating: 0, count: size)
    SnapshotCursor.save(into: SnapshotView(0, of: bytes, byteCount: size)) { saved.transfer(&$0) }

    let second = try stage(id, count: 3, stepCount: 20)
    let restored = try #require(second.batch.capability((any SnapshotBatch).self))
    #expect(SnapshotCursor.measure { restored.transfer(&$0) } == size)
    let fault = SnapshotCursor.restoreChecking(from: bytes.elements) { restored.transfer(&$0) }
    #expect(fault == nil)
    second.fragment.assign(first.fragment.bytes)
    for stage in [first, second] {
      stage.carry()
      try play(stage)
    }
    #expect(
      first.fragment.obs(as: Double.self).elements == second.fragment.obs(as: Double.self).elements)
    #expect(first.fragment.rew.elements == second.fragment.rew.elements)
    #expect(first.fragment.fin.elements == second.fragment.fin.elements)
    #expect(first.fragment.fin.elements.contains(true))
  }

  @Test func `a snapshot with a number that is none is refused`() throws {
    let stage = try stage("mujoco:Hopper-v5", count: 1, stepCount: 1)
    let saved = try #require(stage.batch.capability((any SnapshotBatch).self))
    let size = SnapshotCursor.measure { saved.transfer(&$0) }
    let fault = SnapshotCursor.restoreChecking(
      from: Array(repeating: 0xFF, count: size)
    ) { saved.transfer(&$0) }
    #expect(fault == "a number of MuJoCo's state")
  }

  @Test func `a batch begins again with other streams`() throws {
    let stage = try stage("mujoco:HalfCheetah-v5", count: 2, stepCount: 5)
    try stage.reset()
    let fresh = stage.fragment.obs(as: Double.self).elements
    try play(stage)
    let batch = try #require(stage.batch.capability((any RestartableBatch).self))
    batch.restart(streams: [PCG64(seed: 40), PCG64(seed: 41)])
    try stage.reset()
    let count = 2 * 17
    #expect(stage.fragment.obs(as: Double.self).elements[..<count] == fresh[..<count])
  }

  @Test(arguments: [false, true])
  func `sticky environments wait at the first observation`(sticky: Bool) throws {
    let stage = try stage("mujoco:InvertedPendulum-v5", count: 2, stepCount: 30, limit: 4)
    try stage.reset()
    try play(stage, sticky: sticky)
    let steps = stage.column(stage.fragment.stepno)
    #expect(sticky ? steps[5...].allSatisfy { $0 == 0 } : steps[5...].contains(1))
  }

  @Test func `a registered task passes the check of environments`() throws {
    for id in ["mujoco:Ant-v5", "mujoco:Reacher-v5"] {
      let report = try EnvironmentCheck(stepCount: 300).run(EnvironmentConfiguration(id))
      for finding in report.findings {
        if case .wrong = finding.verdict { Issue.record("\(id): \(finding)") }
      }
    }
  }

  @Test(
    .enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"), arguments: MuJoCoDescription.ids)
  func `a step needs no memory`(id: String) async {
    await #expect(processExitsWith: .success) { [id = id as String] in
      let tests = MuJoCoBatchTests()
      let stage = try tests.stage(id, count: 2, stepCount: 20)
      try stage.reset()
      try tests.play(stage)
      let (batch, fragment, position) = (stage.batch, stage.fragment, stage.position)
      Exhaustion.exhaustMemory()
      for t in 0..<20 {
        try batch.step(fragment, from: t, sticky: false, position: position)
      }
      _exit(0)
    }
  }

  // MARK: Models of one's own

  @Test func `a model of one's own has the reward of its terms`() throws {
    try withModel { path in
      let environment = try makeMuJoCoEnvironment(
        "mujoco:\(path)",
        arguments: "frame_skip=4,main_body=cart,target_body=target,forward_reward_weight=2,"
          + "ctrl_cost_weight=0.5,distance_cost_weight=3,healthy_reward=7,reset_noise_scale=0")
      var random = PCG64(seed: 0)
      environment.reset(using: &random)
      let origins = environment.simulation.values(.bodyOrigins)
      #expect(environment.observationCount == 4)
      var before = origins[3 * 2]
      for _ in 0..<5 {
        let outcome = environment.play([1, 0.5])
        let place = origins[3 * 2]
        let effort = 0.5 * (1.0 + 0.25)
        let expected = 2 * (place - before) / (0.01 * 4) + 7 - effort - 3 * (1 - place).magnitude
        #expect(abs(outcome.reward - expected) < 1e-9)
        #expect(!outcome.terminated)
        before = place
      }
      #expect(before > 0)
    }
  }

  @Test func `bounds of controls are those of each actuator`() throws {
    try withModel { path in
      let batch = try EnvironmentConfiguration("mujoco:\(path)", actionBounds: .clip).makeBatch(
        streams: [PCG64(seed: 1)])
      #expect(batch.spaces.action == .box(shape: [2], low: -.infinity, high: .infinity))
      let ranges = try #require(batch.spaces.elementBounds[0])
      #expect(ranges.map(\.low) == [-2, -.infinity])
      #expect(ranges.map(\.high) == [1, .infinity])
    }
  }

  @Test func `an episode ends outside of the healthy range, or goes on if that is asked for`()
    throws
  {
    try withModel { path in
      for (arguments, ends) in [
        ("main_body=pole,healthy_z_range=[0.7,1]", true),
        ("main_body=pole,healthy_z_range=[0.5,1]", false),
        ("main_body=pole,healthy_z_range=[0.7,1],terminate_when_unhealthy=false", false),
      ] {
        let environment = try makeMuJoCoEnvironment("mujoco:\(path)", arguments: arguments)
        var random = PCG64(seed: 0)
        environment.reset(using: &random)
        #expect(environment.play([0, 0]).terminated == ends)
      }
    }
  }

  @Test func `models that do not suit are refused in a sentence`() throws {
    func refusal(_ id: String, _ arguments: String = "") -> String? {
      #expect(throws: InvalidEnvironmentArguments.self) {
        try EnvironmentConfiguration(id, arguments: arguments).spaces()
      }?.description
    }
    try withModel { path in
      #expect(
        refusal("mujoco:Ant-v5", "xml_file=\(path)")
          == "xml_file=\(path) has 2 positions, 2 velocities and 2 controls: Ant-v5 needs at "
          + "least 7, 6 and 1.")
      #expect(
        refusal("mujoco:\(path)", "main_body=nose")
          == "main_body=nose is no body of the model: use a name or a number below 4.")
      #expect(
        refusal("mujoco:\(path)", "mane_body=2")?.hasSuffix("Did you mean 'main_body'?") == true)
    }
    try withModel("<mujoco><worldbody><body></worldbody></mujoco>") { path in
      let words = try #require(refusal("mujoco:\(path)"))
      #expect(words.hasPrefix("'\(path)' is no model for MuJoCo "))
      #expect(words.contains("XML"))
    }
    #expect(
      refusal("mujoco:/nowhere/none.xml") == "there is no model '/nowhere/none.xml': name an XML "
        + "file.")
    #expect(
      refusal("mujoco:Ant-v5", "xml_file=aunt.xml")?.hasPrefix("there is no model 'aunt.xml' in ")
        == true)
  }

  // MARK: The library

  @Test func `an error of the library ends the process with a sentence and no question`()
    async throws
  {
    let result = await #expect(
      processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
    ) {
      let model = try makeMuJoCoEnvironment("mujoco:Hopper-v5").simulation.model
      _ = model.library.functions.stateSize(model.model, 1 << 30)
    }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.contains("Error: MuJoCo cannot continue: mj_stateSize: invalid state"))
    #expect(!words.contains("Press Enter"))
  }

  @Test func `warnings of the library are shown once, and no file is written`() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      try withTemporaryDirectory { directory in
        guard chdir(directory.path) == 0 else { fatalError("chdir") }
        let warn = try makeMuJoCoEnvironment("mujoco:Hopper-v5").simulation.model.library.functions
          .userWarning.pointee
        for _ in 0..<3 { "two\nlines".withCString { warn?($0) } }
        // Its model makes newer versions warn.
        _ = try makeMuJoCoEnvironment("mujoco:HalfCheetah-v5")
        guard try names(in: directory).isEmpty else { fatalError("a file was written") }
      }
    }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.components(separatedBy: "Warning from MuJoCo: two lines").count == 2)
  }
}
