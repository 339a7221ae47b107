import Actor
import Rollout
import Testing

/// Tests of the outputs for final observations of truncated episodes.
struct FinalReactionTests {
  /// Returns a fragment of two steps with random values, the first step truncated for some.
  ///
  /// `final` is filled with NaN. `cut` selects the environments.
  private func storage(
    _ policy: any Policy, _ spaces: EnvironmentSpaces, cut: [Bool]
  ) throws -> FragmentStorage {
    let layout = FragmentLayout(
      stepCount: 2, environmentCount: cut.count,
      contents: try PolicySignature(policy, for: spaces).contents(spaces))
    let storage = FragmentStorage(layout)
    var generator = SmallGenerator(seed: 21)
    for column in layout.obs.leaves + [layout.rew] + layout.finalObs.leaves {
      let view: ColumnView<Float> = storage.view.column(column)
      for row in 0..<view.rowCount {
        for environment in cut.indices {
          for element in 0..<view.elementCount {
            view[row, environment, element] = Float(generator.uniform(-1, 0))
          }
        }
      }
    }
    for column in layout.finalReaction.leaves {
      let view: ColumnView<Float> = storage.view.column(column)
      for row in 0..<view.rowCount {
        for environment in cut.indices {
          for element in 0..<view.elementCount { view[row, environment, element] = .nan }
        }
      }
    }
    for (environment, isCut) in cut.enumerated() {
      for row in 0...2 { storage.view.stepno[row, environment] = Int32(10 * row + environment) }
      storage.view.fin[1, environment] = isCut
      storage.view.truncated[0, environment] = isCut
    }
    return storage
  }

  private let spaces = EnvironmentSpaces(
    observation: .box(shape: [3], low: -1, high: 0), action: .discrete(3))

  @Test func `it sees the observation that the reset overwrote, as if the episode went on`() throws
  {
    let policy = EchoPolicy(repeats: true)
    let cut = [false, true, false, true, true]
    let storage = try storage(policy, spaces, cut: cut)
    let fragment = storage.view
    #expect(storage.layout.finalReaction.paths() == ["seen", "step", "reward", "ended"])
    let actor = try Scene.actor(storage.layout, policy: policy)
    actor.react(to: fragment, at: 0, virtual: false)
    actor.reactToFinal(of: fragment, at: 0)
    let finalObs: ColumnView<Float> = fragment.column(
      try #require(storage.layout.finalObs.value))
    func said(_ name: String, _ environment: Int, _ element: Int = 0) -> Float? {
      fragment.final(name)?[0, environment, element]
    }
    for (environment, isCut) in cut.enumerated() {
      guard isCut else {
        // Nothing is written for episodes that were not truncated.
        #expect(said("seen", environment)?.isNaN == true)
        #expect(said("step", environment)?.isNaN == true)
        continue
      }
      for element in 0..<3 {
        #expect(said("seen", environment, element) == finalObs[0, environment, element])
      }
      #expect(said("step", environment) == Float(environment + 1))
      #expect(said("reward", environment) == fragment.rew[1, environment])
      #expect(said("ended", environment) == 0)
    }
    // Nor at another row.
    #expect(fragment.final("seen")?.elements.suffix(15).allSatisfy { $0.isNaN } == true)
  }

  @Test func `it remembers the episode up to there, and nothing else changes`() throws {
    let policy = MotionPolicy()
    let cut = [true, false, true, false]
    let (asked, left) = (
      try storage(policy, spaces, cut: cut), try storage(policy, spaces, cut: cut)
    )
    for (storage, isAsked) in [(asked, true), (left, false)] {
      let actor = try Scene.actor(storage.layout, policy: policy)
      for t in 0..<2 {
        actor.react(to: storage.view, at: t, virtual: false)
        if isAsked { actor.reactToFinal(of: storage.view, at: t) }
        for environment in cut.indices where cut[environment] && t == 0 {
          actor.reset(environment: environment)
        }
      }
      actor.react(to: storage.view, at: 2, virtual: true)
      actor.recordState(into: storage.view)
    }
    let before = try #require(asked.view.final("before"))
    let obs = asked.view.obs(as: Float.self)
    for (environment, isCut) in cut.enumerated() {
      for element in 0..<3 {
        let said = before[0, environment, element]
        #expect(isCut ? said == obs[0, environment, element] : said.isNaN)
      }
    }
    let others = asked.layout.columns.filter { !asked.layout.finalReaction.leaves.contains($0) }
    for column in others {
      let bytes = [asked, left].map { storage -> [UInt8] in
        let start = UnsafeRawPointer(storage.view.base) + column.offset
        return Array(UnsafeRawBufferPointer(start: start, count: column.byteCount))
      }
      #expect(bytes[0] == bytes[1])
    }
  }

  @Test func `it follows the weights`() throws {
    let policy = NetworkPolicy(hidden: [5], value: .shared)
    let storage = try storage(policy, spaces, cut: [true, true])
    let actor = try Scene.actor(storage.layout, policy: policy)
    func said() throws -> [Float] {
      actor.reactToFinal(of: storage.view, at: 0)
      return Array(try #require(storage.view.final("value")).elements.prefix(2))
    }
    let first = try said()
    for index in 0..<actor.weights.count { actor.weights[index] *= 0.5 }
    actor.weightsChanged()
    let second = try said()
    #expect(first != second && first.allSatisfy { $0.isFinite })
    // The values of the same observations when they are played.
    let finalObs: ColumnView<Float> = storage.view.column(
      try #require(storage.layout.finalObs.value))
    let obs = storage.view.obs(as: Float.self)
    for environment in 0..<2 {
      for element in 0..<3 { obs[1, environment, element] = finalObs[0, environment, element] }
    }
    actor.react(to: storage.view, at: 1, virtual: true)
    let value = try #require(storage.view.actor("value"))
    #expect(second == [value[1, 0], value[1, 1]])
  }

  @Test func `who says nothing but logits records nothing of it`() throws {
    let layout = try EchoPolicy().layout(count: 3, stepCount: 2, environmentCount: 2)
    #expect(layout.finalReaction.leaves.isEmpty)
    let storage = FragmentStorage(layout)
    try Scene.actor(layout, policy: EchoPolicy()).reactToFinal(of: storage.view, at: 0)
  }
}
