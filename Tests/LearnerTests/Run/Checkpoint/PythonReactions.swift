import Actor
import Foundation
import Learner
import Rollout

/// An actor's reactions to random rows, written for `Scripts/check_network.py`.
final class PythonReactions {
  /// T and B: enough rows for resets in between, and different extents.
  static let stepCount = 7
  let environmentCount: Int

  let policy: any Policy
  let spaces: EnvironmentSpaces
  let storage: FragmentStorage
  let actor: PolicyActor
  private let signature: PolicySignature

  /// Creates an actor with the policy's initial weights and a fragment of random rows.
  init(
    _ policy: any Policy, _ spaces: EnvironmentSpaces, environmentCount: Int = 3,
    choice: ActionChoice = .sample, seed: UInt64 = 11
  ) throws {
    self.policy = policy
    self.spaces = spaces
    self.environmentCount = environmentCount
    signature = try PolicySignature(policy, for: spaces)
    storage = FragmentStorage(
      FragmentLayout(
        stepCount: Self.stepCount, environmentCount: environmentCount,
        contents: signature.contents(spaces)))
    actor = try PolicyActor(
      policy, layout: storage.layout,
      streams: (0..<environmentCount).map { PCG64(seed: seed &+ UInt64($0)) }, choice: choice)
    var random = PCG64(seed: seed)
    signature.parameters.initialize(actor.weights, using: &random)
    actor.weightsChanged()
    fill(using: &random)
  }

  /// Fills every row of the state; about every fourth begins an episode.
  private func fill(using random: inout PCG64) {
    let fragment = storage.view
    func fill<S: RecordableScalar>(_ column: Column, _ draw: (Int) -> S) {
      let view: ColumnView<S> = fragment.column(column)
      for row in 0..<view.rowCount {
        for environment in 0..<view.environmentCount {
          for element in 0..<view.elementCount { view[row, environment, element] = draw(element) }
        }
      }
    }
    func fill(_ columns: Nested<Column>, _ space: Space) {
      for (column, space) in zip(columns.leaves, space.parts.leaves) {
        switch space {
        case .discrete(let count): fill(column) { _ in Int32(random.integer(below: count)) }
        case .multiDiscrete(let counts): fill(column) { Int32(random.integer(below: counts[$0])) }
        case .multiBinary: fill(column) { _ in UInt8(random.integer(below: 2)) }
        case .box(_, _, _, .uint8): fill(column) { _ in UInt8(random.integer(below: 256)) }
        case .box(_, _, _, .float64): fill(column) { _ in random.uniform(-1, 1) }
        default: fill(column) { _ in Float(random.uniform(-1, 1)) }
        }
      }
    }
    let layout = storage.layout
    fill(layout.stepno) { _ in Int32(random.integer(below: 500)) }
    fill(layout.rew) { _ in Float(random.uniform(-1, 1)) }
    fill(layout.fin) { _ in random.integer(below: 4) == 0 }
    fill(layout.obs, spaces.observation)
    fill(layout.act, spaces.action)
  }

  /// The network with its current parameters, as a run saves it.
  var checkpoint: Checkpoint {
    let values = actor.weights.elements
    return Checkpoint(
      metadata: [
        Checkpoint.Key.policy: PolicyRegistry.encode(policy),
        Checkpoint.Key.environment: "Random",
        Checkpoint.Key.maxEpisodeSteps: "100",
      ],
      parameters: signature.parameters.entries.map {
        .init(name: $0.name, shape: $0.shape, values: Array(values[$0.range]))
      })
  }

  /// Loads the parameters of a checkpoint.
  func load(_ checkpoint: Checkpoint) throws {
    actor.weights.assign(
      try checkpoint.parameters(
        matching: signature.parameters.entries.map { ($0.name, $0.shape) }))
    actor.weightsChanged()
  }

  /// Reacts to all rows, and writes inputs, outputs and recurrent states.
  func record(to url: URL) throws {
    let fragment = storage.view
    // An additional row gives the first one a recurrent state.
    actor.reset(environment: nil)
    actor.react(to: fragment, at: Self.stepCount - 1, virtual: false)
    actor.recordState(into: fragment)
    var tensors = carried("hx")
    for t in 0..<Self.stepCount { actor.react(to: fragment, at: t, virtual: false) }
    actor.recordState(into: fragment)
    tensors += carried("next")
    let layout = storage.layout
    tensors.append(tensor("stepno", layout.stepno, .init(.int32, [])))
    tensors.append(tensor("rew", layout.rew, .init(.float32, [])))
    tensors.append(tensor("fin", layout.fin, .init(.bool, [])))
    for (columns, specifications, root) in [
      (layout.obs, spaces.observation.leaves, "obs"), (layout.act, spaces.action.leaves, "act"),
      (layout.actor, signature.reaction, ""),
    ] {
      for ((column, leaf), path) in zip(
        zip(columns.leaves, specifications.leaves), columns.paths(below: root))
      {
        tensors.append(tensor(path, column, leaf))
      }
    }
    let leaves = Leaf.all(of: spaces.observation, "obs") + Leaf.all(of: spaces.action, "act")
    let description = String(decoding: try JSONEncoder().encode(leaves), as: UTF8.self)
    try AtomicFile.write(
      SafetensorsFile(tensors: tensors, metadata: ["leaves": description]).encoded(), to: url)
  }

  /// Returns the fragment's `hx` below a name.
  private func carried(_ root: String) -> [SafetensorsFile.Tensor] {
    let columns = storage.layout.hx
    return zip(
      zip(columns.leaves, signature.recurrentState.leaves), columns.paths(below: root)
    ).map { pair, path in
      let view: ColumnView<Float> = storage.view.column(pair.0)
      return .init(
        name: path, shape: [environmentCount] + pair.1.shape, values: view.elements)
    }
  }

  /// Returns rows 0…T−1 of a column.
  private func tensor(
    _ name: String, _ column: Column, _ leaf: LeafSpecification
  ) -> SafetensorsFile.Tensor {
    func made<S: RecordableScalar & SafetensorsElement>(_: S.Type) -> SafetensorsFile.Tensor {
      let view: ColumnView<S> = storage.view.column(column)
      let shape = [Self.stepCount, environmentCount] + leaf.shape
      return .init(
        name: name, shape: shape, values: Array(view.elements.prefix(shape.reduce(1, *))))
    }
    switch leaf.elementType {
    case .float32: return made(Float.self)
    case .float64: return made(Double.self)
    case .int32: return made(Int32.self)
    case .uint8: return made(UInt8.self)
    case .bool: return made(Bool.self)
    case .int64: return made(Int64.self)
    }
  }

  /// The script's description of a space that is not a container.
  private struct Leaf: Encodable {
    var path: String
    var kind: String
    var shape: [Int]
    var counts: [Int] = []
    var low = 0.0
    var high = 0.0
    var type = ""

    static func all(of space: Space, _ root: String) -> [Leaf] {
      zip(space.parts.leaves, space.parts.paths(below: root)).map { leaf, path in
        switch leaf {
        case .discrete(let count):
          Leaf(path: path, kind: "discrete", shape: [], counts: [count])
        case .multiDiscrete(let counts):
          Leaf(path: path, kind: "multi_discrete", shape: [counts.count], counts: counts)
        case .multiBinary(let count): Leaf(path: path, kind: "multi_binary", shape: [count])
        case .box(let shape, let low, let high, let type):
          Leaf(
            path: path, kind: "box", shape: shape, low: low, high: high, type: type.rawValue)
        case .tuple, .dict: preconditionFailure("a container among the leaves")
        }
      }
    }
  }
}
