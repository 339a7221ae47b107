import Actor
import Rollout

/// A fragment with observations of every kind and an actor for it.
enum Scene {
  static let spaces = EnvironmentSpaces(
    observation: .dict([
      SpaceField("camera", .box(shape: [2, 3], low: -1, high: 1)),
      SpaceField("mode", .discrete(5)),
      SpaceField("precise", .box(shape: [2], low: -1, high: 1, elementType: .float64)),
      SpaceField("bytes", .tuple([.multiBinary(3), .multiDiscrete([4, 9])])),
    ]),
    action: .discrete(3))

  static let policy = NetworkPolicy(hidden: [6, 5], embeddingWidth: 3)

  static func layout(stepCount: Int, environmentCount: Int) -> FragmentLayout {
    let reaction: Nested<LeafSpecification> = .fields([("logits", .leaf(.init(.float32, [3])))])
    return FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount,
      contents: .init(spaces: spaces, reaction: reaction))
  }

  /// Fills every row of the state with values that differ between rows and environments.
  static func fill(_ fragment: FragmentView, seed: UInt64) {
    var generator = SmallGenerator(seed: seed)
    let layout = fragment.layout
    func fill<S: RecordableScalar>(_ column: Column, _ draw: (inout SmallGenerator) -> S) {
      let view: ColumnView<S> = fragment.column(column)
      for row in 0..<view.rowCount {
        for environment in 0..<view.environmentCount {
          for element in 0..<view.elementCount {
            view[row, environment, element] = draw(&generator)
          }
        }
      }
    }
    fill(layout.stepno) { Int32($0.index(below: 500)) }
    fill(layout.rew) { Float($0.uniform(-1, 1)) }
    fill(layout.fin) { $0.index(below: 4) == 0 }
    fill(layout.obs.leaves[0]) { Float($0.uniform(-1, 1)) }
    fill(layout.obs.leaves[1]) { Int32($0.index(below: 5)) }
    fill(layout.obs.leaves[2]) { $0.uniform(-1, 1) }
    fill(layout.obs.leaves[3]) { UInt8($0.index(below: 2)) }
    fill(layout.obs.leaves[4]) { Int32($0.index(below: 4)) }
    fill(layout.act.leaves[0]) { Int32($0.index(below: 3)) }
  }

  /// Returns an actor with random weights and its own random streams.
  static func actor(
    _ layout: FragmentLayout, policy: any Policy = policy, choice: ActionChoice = .sample,
    seed: UInt64 = 3, parts: [Range<Int>]? = nil, unread: UnreadOutputs = UnreadOutputs()
  ) throws -> PolicyActor {
    let actor = try PolicyActor(
      policy, layout: layout,
      streams: (0..<layout.environmentCount).map { PCG64(seed: seed &+ UInt64($0)) },
      choice: choice, parts: parts, unread: unread)
    var random = PCG64(seed: seed)
    try PolicySignature(policy, for: layout.contents.spaces).parameters
      .initialize(actor.weights, using: &random)
    actor.weightsChanged()
    return actor
  }
}
