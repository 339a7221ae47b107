import Rollout
import Testing

struct SnapshotCursorTests {
  /// One value of each kind that can be transferred.
  private final class Luggage {
    var stream = PCG64(seed: 4)
    var counts = [1, 2, 3]
    let weights = FlatVector<Float>(repeating: 0.5, count: 5)
    var isPacked = true

    func transfer(_ snapshot: inout SnapshotCursor) {
      snapshot.transfer(&stream)
      snapshot.transfer(&counts)
      snapshot.transfer(weights)
      snapshot.transfer(&isPacked)
    }
  }

  @Test func `what was saved is restored, and nothing else is changed`() {
    let (one, other) = (Luggage(), Luggage())
    let byteCount = SnapshotCursor.measure { one.transfer(&$0) }
    #expect(byteCount == 32 + 3 * 8 + 5 * 4 + 1)
    #expect(one.counts == [1, 2, 3] && one.stream == PCG64(seed: 4))
    one.counts = [7, 8, 9]
    _ = one.stream.next()
    one.weights[4] = -1
    one.isPacked = false
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 1)
    defer { memory.deallocate() }
    SnapshotCursor.save(into: SnapshotView(memory)) {
      #expect(!$0.isRestoring)
      one.transfer(&$0)
    }
    #expect(one.counts == [7, 8, 9])
    SnapshotCursor.restore(from: SnapshotView(memory)) {
      #expect($0.isRestoring)
      other.transfer(&$0)
    }
    #expect(other.counts == [7, 8, 9] && other.stream == one.stream && !other.isPacked)
    #expect(other.weights.elements == [0.5, 0.5, 0.5, 0.5, -1])
  }

  @Test(arguments: [1, -1])
  func `a walk of another size is a bug`(difference: Int) async {
    // Exit tests capture nothing, so both sizes are tested in turn.
    if difference > 0 {
      await #expect(processExitsWith: .failure) { SnapshotCursorTests.save(beyond: 1) }
    } else {
      await #expect(processExitsWith: .failure) { SnapshotCursorTests.save(beyond: -1) }
    }
  }

  private static func save(beyond count: Int) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
    var bytes = Array(repeating: UInt8(0), count: 16 + count)
    SnapshotCursor.save(into: SnapshotView(memory)) { $0.transfer(&bytes) }
  }
}
