import Rollout

/// A value with several leaves of different types, by name and position.
struct Dashboard: Recordable, Equatable {
  var speed: Float
  var proximity: SIMD4<Double>
  var picture: [UInt8]
  var isOn: Bool

  static var space: Space {
    .dict([
      .init("speed", .box(shape: [], low: 0, high: 9)),
      .init(
        "sight",
        .tuple([
          .box(shape: [4], low: 0, high: 1, elementType: .float64),
          .box(shape: [2, 3], low: 0, high: 255, elementType: .uint8),
        ])),
      .init("on", .box(shape: [1], low: 0, high: 1, elementType: .bool)),
    ])
  }

  static var leafTypes: [ElementType] {
    Float.leafTypes + SIMD4<Double>.leafTypes + [UInt8].leafTypes + Bool.leafTypes
  }

  init(count: Int) {
    speed = Float(count)
    proximity = SIMD4(repeating: 1 / Double(1 + count))
    proximity.y = Double(count)
    picture = (0..<6).map { UInt8($0 + 10 * count) }
    isOn = count.isMultiple(of: 2)
  }

  init(loading leaves: LeafRow) {
    speed = Float(loading: leaves)
    proximity = SIMD4(loading: leaves.dropping(1))
    picture = [UInt8](loading: leaves.dropping(2))
    isOn = Bool(loading: leaves.dropping(3))
  }

  func store(in leaves: LeafRow) {
    speed.store(in: leaves)
    proximity.store(in: leaves.dropping(1))
    picture.store(in: leaves.dropping(2))
    isOn.store(in: leaves.dropping(3))
  }
}

/// A choice and a vector.
struct Controls: RecordableStructure, Equatable {
  var gear = 0
  var stick: SIMD2<Float> = .zero

  static let parts: [RecordablePart<Controls>] = [.init(\.gear), .init(\.stick)]
}

/// An environment with several leaves in observations and actions.
struct Cockpit: Environment {
  var length = 3
  var count = 0

  var observationSpace: Space { Dashboard.space }
  var actionSpace: Space { .tuple([.discrete(5), .box(shape: [2], low: -1, high: 1)]) }
  var observation: Dashboard { Dashboard(count: count) }

  mutating func reset(using random: inout PCG64) { count = 0 }

  mutating func step(_ action: Controls, using random: inout PCG64) -> StepOutcome {
    count += 1
    return StepOutcome(
      reward: Double(action.gear) + Double(action.stick.y), terminated: count == length)
  }
}
