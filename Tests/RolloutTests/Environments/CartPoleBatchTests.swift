import Glibc
import TestSupport
import Testing

@testable import Rollout

/// Carts eight at a time: the same bits as one at a time.
struct CartPoleBatchTests {
  @Test(.enabled(if: CartPoleBatch.isExact, "another C library, or no fused multiply-add"))
  func `sines and cosines are the C library's, bit for bit`() {
    let table = SmallAngles.table
    var random = PCG64(seed: 8)
    var (sines, cosines) = (0, 0)
    table.withUnsafeBufferPointer { rows in
      guard let rows = rows.baseAddress else { return }
      for round in 0..<50_000 {
        // All sizes down to 2⁻⁶⁰, and every place of the table.
        let scale = round % 4 == 0 ? exp2(-random.uniform(0, 60)) : 1
        var angles = SIMD8<Double>()
        for lane in 0..<8 { angles[lane] = scale * random.uniform(-0.21, 0.21) }
        let (sine, cosine) = SmallAngles.sineAndCosine(angles, rows)
        for lane in 0..<8 {
          if sine[lane].bitPattern != sin(angles[lane]).bitPattern { sines += 1 }
          if cosine[lane].bitPattern != cos(angles[lane]).bitPattern { cosines += 1 }
        }
      }
    }
    #expect(sines == 0 && cosines == 0)
  }

  /// Plays two batches of one kind side by side, with random actions, and compares all that they record.
  private func compare(count: Int, limit: Int?, sticky: Bool, fragments: Int) throws {
    let streams = (0..<count).map { PCG64(seed: UInt64(100 + $0)) }
    let batches: [any EnvironmentBatch] = [
      CartPoleBatch(streams: streams, maximumEpisodeSteps: limit),
      try NativeEnvironmentBatch(streams: streams) { _ in
        TimeLimit(CartPole(), maximumEpisodeSteps: limit)
      },
    ]
    let layout = FragmentLayout(
      stepCount: 30, environmentCount: count,
      contents: .init(spaces: batches[0].spaces, reaction: .empty))
    let storages = batches.map { _ in FragmentStorage(layout) }
    for (batch, storage) in zip(batches, storages) {
      try batch.reset(into: storage.view, row: 0)
    }
    var random = PCG64(seed: 3)
    var ends = 0
    for fragment in 0..<fragments {
      for t in 0..<layout.stepCount {
        for b in 0..<count {
          // Mostly a policy that lives a while, sometimes chance.
          let obs = storages[0].view.obs(as: Float.self)
          let lean = obs[t, b, 2] + 0.3 * obs[t, b, 3]
          let action =
            random.nextDouble() < 0.6 ? Int32(random.integer(below: 2)) : lean > 0 ? 1 : 0
          for storage in storages { storage.view.act(as: Int32.self)[t + 1, b] = action }
        }
        for (batch, storage) in zip(batches, storages) {
          try batch.step(storage.view, from: t, sticky: sticky, position: .unread)
        }
        for b in 0..<count where storages[0].view.fin[t + 1, b] { ends += 1 }
      }
      let bytes = storages.map { storage in
        layout.columns.map { column in
          Array(
            UnsafeRawBufferPointer(
              start: storage.view.base + column.offset, count: column.byteCount))
        }
      }
      for (index, pair) in zip(bytes[0], bytes[1]).enumerated() where pair.0 != pair.1 {
        Issue.record("column \(index) of fragment \(fragment) differs with \(count) carts")
      }
      for storage in storages {
        storage.view.copyState(row: layout.stepCount, to: storage.view, row: 0)
      }
    }
    #expect(ends > count)
  }

  @Test(
    .enabled(if: CartPoleBatch.isExact, "another C library, or no fused multiply-add"),
    arguments: [1, 7, 8, 9, 16, 21])
  func `every byte is what single carts record`(count: Int) throws {
    try compare(count: count, limit: 500, sticky: false, fragments: 40)
    try compare(count: count, limit: 50, sticky: false, fragments: 10)
    try compare(count: count, limit: nil, sticky: true, fragments: 20)
  }

  @Test(.enabled(if: CartPoleBatch.isExact, "another C library, or no fused multiply-add"))
  func `the registered batch of eight or more is this one`() throws {
    func batch(_ count: Int) throws -> any EnvironmentBatch {
      try EnvironmentChoice("CartPole-v1").makeBatch(
        streams: (0..<count).map { PCG64(seed: UInt64($0)) })
    }
    #expect(try batch(8) is CartPoleBatch)
    #expect(try batch(7) is CartPoleBatch == false)
  }
}
