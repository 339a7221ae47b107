import Testing

@testable import Rollout

/// A random walk of random length with random loss of lives; it has no references.
struct Wanderer: Environment {
  var place = SIMD3<Float>()
  var left = 0

  var observationSpace: Space { .box(shape: [3], low: -.infinity, high: .infinity) }
  var actionSpace: Space { .discrete(2) }
  var observation: SIMD3<Float> { place }
  var lives: Int? { left }

  mutating func reset(using random: inout PCG64) {
    place = SIMD3(random.nextFloat(), 1, 0)
    left = 3
  }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    place += SIMD3(random.nextFloat(), Float(action), 1)
    if left > 1, random.integer(below: 4) == 0 { left -= 1 }
    return StepOutcome(
      reward: Double(place.x), terminated: random.integer(below: 9) == 0,
      truncated: place.z > 11)
  }
}

/// Random colors in an array: an environment with references that transfers its state.
struct Painting: SnapshotEnvironment {
  var pixels = Array(repeating: UInt8(0), count: 6 * 6 * 3)
  var step = 0

  var observationSpace: Space { .box(shape: [6, 6, 3], low: 0, high: 255, elementType: .uint8) }
  var actionSpace: Space { .discrete(2) }
  var observation: [UInt8] { pixels }

  mutating func reset(using random: inout PCG64) { step = 0 }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    pixels[random.integer(below: pixels.count)] &+= 90 + UInt8(action)
    step += 1
    return StepOutcome(reward: Double(pixels[0]), terminated: step == 7)
  }

  mutating func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(&pixels)
    snapshot.transfer(&step)
  }
}

/// The same with its array, but without a `transfer`.
struct Sketch: Environment {
  var painting = Painting()

  var observationSpace: Space { painting.observationSpace }
  var actionSpace: Space { painting.actionSpace }
  var observation: [UInt8] { painting.observation }

  mutating func reset(using random: inout PCG64) { painting.reset(using: &random) }
  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    painting.step(action, using: &random)
  }
}

extension Stage {
  /// The bytes of the fragment after `collect`, without final observations that were not written.
  var bytes: [[UInt8]] {
    let layout = storage.layout
    return layout.columns[..<layout.finalObsPlaces.lowerBound].map { column in
      Array(UnsafeRawBufferPointer(start: fragment.base + column.offset, count: column.byteCount))
    }
  }

  /// Returns a snapshot of the batch and the first row.
  func save() -> [UInt8] {
    var bytes = Array(repeating: UInt8(0xAA), count: SnapshotCursor.measure(transfer))
    bytes.withUnsafeMutableBytes { SnapshotCursor.save(into: SnapshotView($0), transfer) }
    return bytes
  }

  /// Resumes from a snapshot.
  func restore(_ bytes: [UInt8]) {
    var bytes = bytes
    bytes.withUnsafeMutableBytes { SnapshotCursor.restore(from: SnapshotView($0), transfer) }
  }

  private func transfer(_ snapshot: inout SnapshotCursor) {
    batch.capability((any SnapshotBatch).self)?.transfer(&snapshot)
    snapshot.transferState(of: fragment, row: 0)
  }
}

/// Checks that a new batch, resumed from another one's snapshot at any moment, behaves the same.
func expectResumes(
  _ name: String, sticky: Bool = false, actionCount: Int = 2,
  make: (_ seed: UInt64) throws -> any EnvironmentBatch
) throws {
  let stage = Stage(try make(1), stepCount: 3)
  #expect(stage.batch.canSnapshot, "\(name)")
  func collect(_ stage: Stage, _ number: Int) throws {
    if case .discrete = stage.batch.spaces.action {
      try stage.collect(sticky: sticky) { variedAction(number, $0, $1) / 3 % actionCount }
    } else {
      stage.fillActions()
      for t in 0..<3 {
        try stage.batch.step(stage.fragment, from: t, sticky: sticky, position: stage.position)
      }
    }
  }
  try stage.reset()
  for number in 0..<8 {
    try collect(stage, number)
    stage.carry()
    let snapshot = stage.save()
    // Other streams, so that state that is not restored shows.
    let other = Stage(try make(2), stepCount: 3)
    other.restore(snapshot)
    // Saving changes nothing.
    #expect(other.save() == snapshot, "\(name), after fragment \(number)")
    for further in 0..<6 {
      try collect(other, 100 + further)
      try collect(stage, 100 + further)
      #expect(
        other.bytes == stage.bytes, "\(name), after fragment \(number), \(further) further ones")
      other.carry()
      stage.carry()
    }
    stage.restore(snapshot)
  }
}

/// Returns `count` streams derived from a seed.
func streams(_ count: Int, seed: UInt64) -> [PCG64] {
  (0..<count).map { PCG64(seed: 1000 * seed + UInt64($0)) }
}
