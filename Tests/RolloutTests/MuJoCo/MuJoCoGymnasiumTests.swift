import TestSupport
import Testing

@testable import Rollout

/// MuJoCo's tasks beside the same tasks through Python, with any version of MuJoCo.
@Suite(.enabled(if: Python.hasMuJoCo, "\(Python.mujocoAbsence)"), .timeLimit(.minutes(10)))
struct MuJoCoGymnasiumTests {
  /// A task, keyword arguments that change all that they can, and the keys of its info.
  struct Case: Sendable, CustomTestStringConvertible {
    let id: String
    var arguments = ""
    var information: [String] = []

    var testDescription: String { "\(id) \(arguments)" }
  }

  private static let planar = ["x_position", "x_velocity", "reward_forward", "reward_ctrl"]
  private static let places = [
    "x_position", "y_position", "distance_from_origin", "x_velocity", "y_velocity",
  ]
  private static let health = ["z_distance_from_origin", "reward_survive"]
  private static let humanoidParts =
    "include_cinert_in_observation=false,include_cvel_in_observation=false,"
    + "include_qfrc_actuator_in_observation=false,include_cfrc_ext_in_observation=false"

  static let cases: [Case] = [
    Case(id: "HalfCheetah-v5", information: planar),
    Case(
      id: "HalfCheetah-v5",
      arguments: "forward_reward_weight=2,ctrl_cost_weight=0.3,reset_noise_scale=0.2,"
        + "exclude_current_positions_from_observation=False,frame_skip=3"),
    Case(id: "Hopper-v5", information: planar + health),
    Case(
      id: "Hopper-v5",
      arguments: "forward_reward_weight=0.5,ctrl_cost_weight=0.01,healthy_reward=2,"
        + "healthy_state_range=[-3,3],healthy_z_range=[0.9,2],healthy_angle_range=[-0.3,0.1],"
        + "reset_noise_scale=0.05,exclude_current_positions_from_observation=false"),
    Case(id: "Hopper-v5", arguments: "terminate_when_unhealthy=false,frame_skip=2"),
    Case(id: "Walker2d-v5", information: planar + health),
    Case(
      id: "Walker2d-v5",
      arguments: "forward_reward_weight=3,ctrl_cost_weight=0.2,healthy_reward=0.5,"
        + "healthy_z_range=[1,1.4],healthy_angle_range=[-0.2,0.4],reset_noise_scale=0.01,"
        + "exclude_current_positions_from_observation=false,xml_file=walker2d.xml"),
    Case(id: "Walker2d-v5", arguments: "terminate_when_unhealthy=false"),
    Case(id: "Swimmer-v5", information: places + ["reward_forward", "reward_ctrl"]),
    Case(
      id: "Swimmer-v5",
      arguments: "forward_reward_weight=2,ctrl_cost_weight=0.1,reset_noise_scale=0.3,"
        + "exclude_current_positions_from_observation=false,frame_skip=2"),
    Case(
      id: "Ant-v5",
      information: places + ["reward_forward", "reward_ctrl", "reward_contact", "reward_survive"]),
    Case(
      id: "Ant-v5",
      arguments: "forward_reward_weight=2,ctrl_cost_weight=0.1,contact_cost_weight=0.01,"
        + "healthy_reward=3,main_body=2,healthy_z_range=[0.4,0.9],contact_force_range=[-2,0.5],"
        + "reset_noise_scale=0.2,exclude_current_positions_from_observation=false,"
        + "include_cfrc_ext_in_observation=false"),
    Case(id: "Ant-v5", arguments: "main_body=front_left_leg,terminate_when_unhealthy=false"),
    Case(
      id: "Humanoid-v5",
      information: places + ["reward_forward", "reward_ctrl", "reward_contact", "reward_survive"]),
    Case(
      id: "Humanoid-v5",
      arguments: "forward_reward_weight=2,ctrl_cost_weight=0.3,contact_cost_weight=0.001,"
        + "contact_cost_range=[0.1,0.5],healthy_reward=1,healthy_z_range=[1.2,1.5],"
        + "reset_noise_scale=0.05,exclude_current_positions_from_observation=false,"
        + humanoidParts),
    Case(id: "Humanoid-v5", arguments: "terminate_when_unhealthy=false"),
    Case(
      id: "HumanoidStandup-v5",
      information: [
        "x_position", "y_position", "z_distance_from_origin", "reward_linup", "reward_quadctrl",
        "reward_impact",
      ]),
    Case(
      id: "HumanoidStandup-v5",
      arguments: "uph_cost_weight=2,ctrl_cost_weight=0.3,impact_cost_weight=0.001,"
        + "impact_cost_range=[0.1,5],reset_noise_scale=0.05,"
        + "exclude_current_positions_from_observation=false," + humanoidParts),
    Case(id: "InvertedPendulum-v5", information: ["reward_survive"]),
    Case(id: "InvertedPendulum-v5", arguments: "reset_noise_scale=0.1,frame_skip=1"),
    Case(
      id: "InvertedDoublePendulum-v5",
      information: ["reward_survive", "distance_penalty", "velocity_penalty"]),
    Case(
      id: "InvertedDoublePendulum-v5",
      arguments: "healthy_reward=3,reset_noise_scale=0.05,frame_skip=2"),
    Case(id: "Reacher-v5", information: ["reward_dist", "reward_ctrl"]),
    Case(
      id: "Reacher-v5", arguments: "reward_dist_weight=2,reward_control_weight=0.3,frame_skip=3"),
    Case(id: "Pusher-v5", information: ["reward_dist", "reward_ctrl", "reward_near"]),
    Case(
      id: "Pusher-v5",
      arguments: "reward_near_weight=2,reward_dist_weight=3,reward_control_weight=0.7,"
        + "frame_skip=2"),
  ]

  @Test func `every parameter is changed in some case`() {
    for task in MuJoCoDescription.all {
      let changed = Self.cases.filter { $0.id == task.id }.map(\.arguments).joined(separator: ",")
      for parameter in task.parameters.map(\.name)
      where !["xml_file", "frame_skip"].contains(parameter) {
        #expect(changed.contains("\(parameter)="), "\(task.id)")
      }
    }
  }

  @Test(arguments: cases)
  func `a task is Gymnasium's, bit for bit`(_ example: Case) throws {
    let streams = (0..<3).map { PCG64(seed: UInt64(70 + $0)) }
    let seeds = streams.map { PCG64(seed: UInt64(GymnasiumBatch.seed(from: $0))) }
    // The limit makes some episodes end that would go on.
    let limit = EpisodeLimit.steps(35)
    let native = EnvironmentConfiguration(
      "mujoco:\(example.id)", arguments: example.arguments, limit: limit)
    let bridged = EnvironmentConfiguration(
      "gym:\(example.id)", arguments: example.arguments, limit: limit,
      information: example.information)
    let stages = [
      Stage(try native.makeBatch(streams: seeds), stepCount: 80),
      Stage(try bridged.makeBatch(streams: streams), stepCount: 80),
    ]
    #expect(stages[0].batch.spaces == stages[1].batch.spaces)
    for stage in stages {
      let actions = stage.fragment.act(as: Float.self)
      var random = PCG64(seed: 5)
      for t in 1...80 {
        for index in 0..<3 {
          for element in 0..<actions.elementCount {
            actions[t, index, element] = Float(random.uniform(-1, 1))
          }
        }
      }
      try stage.reset()
      for t in 0..<80 {
        try stage.batch.step(stage.fragment, from: t, sticky: false, position: stage.position)
      }
    }
    let fragments = stages.map(\.fragment)
    #expect(fragments[0].stepno.elements == fragments[1].stepno.elements)
    #expect(fragments[0].rew.elements == fragments[1].rew.elements)
    #expect(fragments[0].fin.elements == fragments[1].fin.elements)
    #expect(fragments[0].terminated.elements == fragments[1].terminated.elements)
    #expect(fragments[0].truncated.elements == fragments[1].truncated.elements)
    let shown = fragments.map { $0.obs(as: Double.self).elements }
    #expect(shown[0] == shown[1])
    let final: [ColumnView<Double>] = try stages.map {
      $0.fragment.column(try #require($0.storage.layout.finalObs.value))
    }
    for t in 0..<80 {
      for index in 0..<3 where fragments[0].fin[t + 1, index] {
        for element in 0..<final[0].elementCount {
          #expect(final[0][t, index, element] == final[1][t, index, element])
        }
      }
    }
    for name in example.information {
      let told = try fragments.map { try #require($0.info(name)).elements }
      #expect(told[0] == told[1], "\(name)")
    }
    if !example.information.isEmpty {
      #expect(
        Set(example.information)
          == Set(stages[0].batch.spaces.information.leaves.paths()), "\(example.id)")
    }
  }
}
