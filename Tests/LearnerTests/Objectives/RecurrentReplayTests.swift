import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// The losses of DQN, SAC and TD3 with a recurrent network, compared with plain loops in Double.
struct RecurrentReplayTests {
  private static let box: Space = .box(shape: [2], low: -1, high: 1)

  /// A core with its number of layers and the n of n-step targets.
  struct Core: Sendable, CustomTestStringConvertible {
    var kind: RecurrentCore
    var layers = 1
    var multiStep = 1

    var testDescription: String { "\(layers) \(kind), \(multiStep) steps" }
  }
  static let cores = [
    Core(kind: .gru), Core(kind: .lstm, multiStep: 3), Core(kind: .gru, layers: 2, multiStep: 2),
    Core(kind: .lstm, layers: 2),
  ]

  @Test(arguments: cores)
  func `DQN judges the state after a step from the memory of the step's row`(core: Core) throws {
    let network = RecurrentReplayScene.network(core.kind, layers: core.layers, hidden: [4])
    let policy = QNetworkPolicy(network)
    let scene = try RecurrentReplayScene(
      QLearning(policy, discount: 0.9, multiStep: core.multiStep), policy, network, .discrete(3))
    func values(_ root: String, _ weights: [Double]) throws -> (rows: [[Double]], after: [[Double]])
    {
      let memories = try scene.memories(root, hidden: ["hidden"], weights)
      return (
        try memories.rows.map { try scene.linear($0, "\(root)q", weights) },
        try memories.arrivals.map { try scene.linear($0, "\(root)q", weights) }
      )
    }
    let chosen = try values("", scene.weights).after
    let held = try values("target.", scene.weights).after
    let targets = scene.recorded.multiStepTargets(core.multiStep, discount: 0.9) { index in
      let best = (0..<3).max { chosen[index][$0] < chosen[index][$1] } ?? 0
      return held[index][best]
    }
    try scene.check { weights in
      let rows = try values("", weights).rows
      return mean(
        targets.indices.map { index in
          let size = abs(rows[index][Int(scene.actions[index][0])] - targets[index])
          return size <= 1 ? size * size / 2 : size - 0.5
        })
    }
  }

  /// Returns both critics' values of actions behind the memories of some states.
  private static func values(
    _ scene: RecurrentReplayScene, _ memories: [[Double]], _ actions: [[Double]], _ root: String,
    _ weights: [Double]
  ) throws -> [[Double]] {
    try (0..<2).map { critic in
      try zip(memories, actions).map {
        try scene.head($0 + $1, "\(root)critic.\(critic)", "q", weights)[0]
      }
    }
  }

  private static func memories(
    _ scene: RecurrentReplayScene, _ root: String, _ weights: [Double]
  ) throws -> (rows: [[Double]], arrivals: [[Double]]) {
    try scene.memories("\(root)critic.torso.", hidden: ["hidden"], weights)
  }

  /// mean((q₀ − y)²) + mean((q₁ − y)²).
  private static func criticLoss(
    _ scene: RecurrentReplayScene, _ targets: [Double], _ weights: [Double]
  ) throws -> Double {
    let rows = try memories(scene, "", weights).rows
    return try values(scene, rows, scene.actions, "", weights).map { values in
      mean(zip(values, targets).map { ($0 - $1) * ($0 - $1) })
    }.reduce(0, +)
  }

  /// Returns SAC's action for given normal numbers and its log-density, from their definitions.
  private static func draw(
    _ scene: RecurrentReplayScene, _ memory: [Double], _ noise: [Double], _ weights: [Double]
  ) throws -> (action: [Double], logPi: Double) {
    let scores = try scene.head(memory, "actor", "logits", weights)
    var (action, logPi) = ([Double](), 0.0)
    for element in 0..<2 {
      let deviation = exp(scores[2 + element])
      let squashed = tanh(scores[element] + deviation * noise[element])
      action.append(squashed)
      logPi -= noise[element] * noise[element] / 2 + log(deviation * (2 * Double.pi).squareRoot())
      logPi -= log(1 - squashed * squashed)
    }
    return (action, logPi)
  }

  @Test(arguments: cores)
  func `SAC's critics learn the memory that they judge from`(core: Core) throws {
    let network = RecurrentReplayScene.network(core.kind, layers: core.layers, hidden: [4, 5])
    let policy = TwinCriticPolicy(network)
    let scene = try RecurrentReplayScene(
      SoftActorCritic(policy, discount: 0.9, multiStep: core.multiStep), policy, network, Self.box)
    let weights = scene.weights
    let alpha = exp(weights[try scene.place(of: TwinCriticPolicy.temperatureName)])
    let drawn = try zip(Self.memories(scene, "", weights).arrivals, scene.noise).map {
      try Self.draw(scene, $0, $1, weights)
    }
    let held = try Self.values(
      scene, Self.memories(scene, "target.", weights).arrivals, drawn.map(\.action), "target.",
      weights)
    let targets = scene.recorded.multiStepTargets(core.multiStep, discount: 0.9) {
      min(held[0][$0], held[1][$0]) - alpha * drawn[$0].logPi
    }
    try scene.check { try Self.criticLoss(scene, targets, $0) }
  }

  @Test(arguments: cores)
  func `SAC's actor reads the memory and leaves it to the critics`(core: Core) throws {
    let network = RecurrentReplayScene.network(core.kind, layers: core.layers, hidden: [4, 5])
    let policy = TwinCriticPolicy(network)
    var objective = SoftActorCritic(policy)
    objective.part = .actor
    let scene = try RecurrentReplayScene(objective, policy, network, Self.box)
    let first = scene.weights
    let place = try scene.place(of: TwinCriticPolicy.temperatureName)
    let rows = try Self.memories(scene, "", first).rows
    func draws(_ weights: [Double]) throws -> [(action: [Double], logPi: Double)] {
      try zip(rows, scene.noise).map { try Self.draw(scene, $0, $1, weights) }
    }
    let excess = try mean(draws(first).map(\.logPi)) - 2
    try scene.check { weights in
      let drawn = try draws(weights)
      let values = try Self.values(scene, rows, drawn.map(\.action), "", first)
      return mean(
        drawn.indices.map {
          exp(first[place]) * drawn[$0].logPi - min(values[0][$0], values[1][$0])
        }) - weights[place] * excess
    }
  }

  @Test(arguments: cores)
  func `TD3's targets are from the memory of the target networks`(core: Core) throws {
    let network = RecurrentReplayScene.network(core.kind, layers: core.layers, hidden: [4, 5])
    let policy = TwinCriticPolicy(network, actor: .deterministic)
    let scene = try RecurrentReplayScene(
      TwinDelayed(policy, discount: 0.9, multiStep: core.multiStep), policy, network, Self.box)
    let held = try Self.memories(scene, "target.", scene.weights).arrivals
    let actions = try zip(held, scene.noise).map { memory, noise in
      try zip(scene.head(memory, "target.actor", "logits", scene.weights), noise).map {
        min(max(tanh($0) + min(max(0.2 * $1, -0.5), 0.5), -1), 1)
      }
    }
    let values = try Self.values(scene, held, actions, "target.", scene.weights)
    let targets = scene.recorded.multiStepTargets(core.multiStep, discount: 0.9) {
      min(values[0][$0], values[1][$0])
    }
    try scene.check { try Self.criticLoss(scene, targets, $0) }
  }

  @Test func `TD3's actor reads the memory and leaves it to the critics`() throws {
    let network = RecurrentReplayScene.network(.gru, hidden: [4, 5])
    let policy = TwinCriticPolicy(network, actor: .deterministic)
    var objective = TwinDelayed(policy)
    objective.part = .actor
    let scene = try RecurrentReplayScene(objective, policy, network, Self.box)
    let first = scene.weights
    let rows = try Self.memories(scene, "", first).rows
    try scene.check { weights in
      let actions = try rows.map { try scene.head($0, "actor", "logits", weights).map(tanh) }
      return -mean(try Self.values(scene, rows, actions, "", first)[0])
    }
  }
}
