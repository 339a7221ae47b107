import Actor
import Rollout
import Testing

/// Tests of an actor that omits outputs against one that computes all.
struct UnreadOutputTests {
  private static let stepCount = 4
  private static let environmentCount = 5
  /// The value of elements that nothing has written.
  private static let blank: Float = -7

  private static let policies = [
    NetworkPolicy(hidden: [6], value: .separate), NetworkPolicy(hidden: [6], value: .shared),
    NetworkPolicy(hidden: [6], recurrent: .lstm, recurrentSize: 5, value: .separate),
  ]

  /// Returns two fragments of an actor's reactions, the second one with other weights.
  private func play(
    _ policy: NetworkPolicy, unread: UnreadOutputs, parts: [Range<Int>]
  ) throws -> [FragmentStorage] {
    let layout = FragmentLayout(
      stepCount: Self.stepCount, environmentCount: Self.environmentCount,
      contents: try PolicySignature(policy, for: Scene.spaces).contents(Scene.spaces))
    let actor = try Scene.actor(layout, policy: policy, parts: parts, unread: unread)
    return try [1, 2].map { (seed: UInt64) in
      let storage = FragmentStorage(layout)
      Scene.fill(storage.view, seed: seed)
      for name in ["logits", "value"] {
        let column = try #require(storage.view.actor(name))
        for t in 0...Self.stepCount {
          for b in 0..<Self.environmentCount {
            for element in 0..<column.elementCount { column[t, b, element] = Self.blank }
          }
        }
      }
      actor.recordState(into: storage.view)
      for t in 0...Self.stepCount {
        for part in parts {
          actor.react(to: storage.view, at: t, of: part, virtual: t == Self.stepCount)
        }
      }
      for index in 0..<actor.weights.count { actor.weights[index] *= 1.2 }
      actor.weightsChanged()
      return storage
    }
  }

  private func numbers(_ fragment: FragmentView, _ name: String, _ t: Int) throws -> [Float] {
    let column = try #require(fragment.actor(name))
    return (0..<Self.environmentCount).flatMap { b in
      (0..<column.elementCount).map { column[t, b, $0] }
    }
  }

  @Test(
    arguments: policies,
    [
      UnreadOutputs(played: ["value"]), UnreadOutputs(played: ["value"], last: ["logits"]),
      UnreadOutputs(played: ["value"], last: ["logits", "value"]),
    ])
  func `omitted outputs change nothing else`(
    policy: NetworkPolicy, unread: UnreadOutputs
  ) throws {
    for parts in [[0..<5], [0..<2, 2..<5]] {
      let all = try play(policy, unread: UnreadOutputs(), parts: parts)
      let some = try play(policy, unread: unread, parts: parts)
      for (all, some) in zip(all, some) {
        for t in 0...Self.stepCount {
          let omitted = t == Self.stepCount ? unread.last : unread.played
          for name in ["logits", "value"] {
            let numbers = try numbers(some.view, name, t)
            if omitted.contains(name) {
              #expect(numbers.allSatisfy { $0 == Self.blank }, "\(name) at row \(t)")
            } else {
              #expect(numbers == (try self.numbers(all.view, name, t)), "\(name) at row \(t)")
            }
          }
        }
        let columns = all.layout.act.leaves + all.layout.hx.leaves
        for column in columns {
          let (one, other): (ColumnView<Int32>, ColumnView<Int32>) =
            (all.view.column(column), some.view.column(column))
          #expect(one.elements == other.elements)
        }
      }
    }
  }
}
