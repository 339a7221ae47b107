import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of action masks.
struct ActionMaskTests {
  private static func spaces(_ mask: Space, _ action: Space) -> EnvironmentSpaces {
    EnvironmentSpaces(
      observation: .dict([
        SpaceField("position", .box(shape: [3], low: -1, high: 1)), SpaceField("action_mask", mask),
      ]), action: action)
  }

  @Test(arguments: [
    (Space.discrete(3), [[true, false, true], [false, true, false]], 3),
    (
      Space.multiDiscrete([2, 3]),
      [[true, true, false, true, true], [false, true, true, false, false]], 5
    ),
  ])
  func `a forbidden action is never drawn and gets probability 0`(
    _ action: Space, _ allowed: [[Bool]], _ count: Int
  ) throws {
    let spaces = Self.spaces(.box(shape: [count], low: 0, high: 1, elementType: .bool), action)
    let policy = NetworkPolicy(hidden: [5])
    let layout = FragmentLayout(
      stepCount: 50, environmentCount: 20,
      contents: try PolicySignature(policy, for: spaces).contents(spaces))
    let fragment = FragmentStorage(layout).view
    let mask: ColumnView<Bool> = fragment.column(layout.obs.leaves[1])
    for t in 0...50 {
      for b in 0..<20 {
        for index in 0..<count { mask[t, b, index] = allowed[(t + b) % 2][index] }
      }
    }
    for choice in [ActionChoice.sample, .greedy] {
      let actor = try Scene.actor(layout, policy: policy, choice: choice)
      for t in 0...50 { actor.react(to: fragment, at: t, virtual: t == 50) }
      let logits = try #require(fragment.actor("logits"))
      let actions = fragment.act(as: Int32.self)
      var drawn: Set<Int> = []
      for t in 0..<50 {
        for b in 0..<20 {
          let isAllowed = allowed[(t + b) % 2]
          for index in 0..<count {
            #expect((logits[t, b, index] == -.infinity) == !isAllowed[index])
          }
          var start = 0
          let widths = count == 3 ? [3] : [2, 3]
          for component in widths.indices {
            let index = start + Int(actions[t + 1, b, component])
            #expect(isAllowed[index])
            drawn.insert(index)
            start += widths[component]
          }
        }
      }
      if choice == .sample { #expect(drawn.count == count, "every action is allowed somewhere") }
    }
  }

  @Test func `scores that are allowed keep their gradient, others have none`() {
    let formula = Formula([[1, 2, 3]], in: -2...2) { graph, x in
      let mask = graph.concatenate([
        x[0].columns(0..<2).atLeast(-9), x[0].columns(2..<3).atLeast(9),
      ])
      return Categorical(count: 3).entropy(of: x[0].masked(by: mask).logSoftmax())
    }
    formula.check("masked entropy") { x in
      [0, 3].map { (start: Int) -> Double in
        let weights = x[0][start..<start + 2].map { Foundation.exp($0) }
        let total = weights[0] + weights[1]
        return weights.reduce(0.0) { $0 - $1 / total * Foundation.log($1 / total) }
      }
    }
  }

  @Test func `the mask is no input of the network`() throws {
    let signature = try PolicySignature(
      NetworkPolicy(hidden: []), for: Self.spaces(.multiBinary(4), .discrete(4)))
    #expect(
      signature.parameters.entries.map { "\($0.name) \($0.shape)" } == [
        "act.weight [4, 4]", "logits.weight [4, 7]", "logits.bias [4]",
      ])
  }

  static let unfitting: [(Space, Space)] = [
    (.multiBinary(3), .discrete(4)), (.discrete(4), .discrete(4)),
    (.box(shape: [4], low: 0, high: 1), .discrete(4)), (.multiBinary(3), .multiBinary(3)),
    (.tuple([.multiBinary(4)]), .discrete(4)),
  ]

  @Test(arguments: unfitting)
  func `a mask that does not fit is an error that names both`(_ mask: Space, _ action: Space) {
    let error = #expect(throws: PolicyError.self) {
      try PolicySignature(NetworkPolicy(), for: Self.spaces(mask, action))
    }
    #expect(error?.description.contains("action_mask") == true)
    #expect(error?.description.contains("\(action)") == true)
  }
}
