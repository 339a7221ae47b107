import Actor
import Rollout
import TestSupport
import Testing

/// Tests of a recurrent actor: its state, the recorded `hx` and resets.
struct RecurrentActorTests {
  private let policy = MotionPolicy()
  private let spaces = EnvironmentSpaces(
    observation: .box(shape: [3], low: -1, high: 1), action: .discrete(3))

  /// Returns a fragment with random observations and an actor for it.
  private func scene(
    stepCount: Int, environmentCount: Int, seed: UInt64 = 9
  ) throws -> (storage: FragmentStorage, actor: PolicyActor) {
    let layout = FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount,
      contents: try PolicySignature(policy, for: spaces).contents(spaces))
    let storage = FragmentStorage(layout)
    var generator = SmallGenerator(seed: seed)
    let obs = storage.view.obs(as: Float.self)
    for t in 0...stepCount {
      for b in 0..<environmentCount {
        for element in 0..<3 { obs[t, b, element] = Float(generator.uniform(-1, 1)) }
        storage.view.fin[t, b] = generator.index(below: 4) == 0
      }
    }
    return (storage, try Scene.actor(layout, policy: policy))
  }

  private func carried(_ fragment: FragmentView, _ name: String) throws -> [Float] {
    let column = try #require(fragment.layout.hx[name]?.value)
    let view: ColumnView<Float> = fragment.column(column)
    return view.elements
  }

  @Test func `what it saw before is there at the next row, and zero where an episode begins`()
    throws
  {
    let (storage, actor) = try scene(stepCount: 6, environmentCount: 5)
    let fragment = storage.view
    let before = try #require(fragment.actor("before"))
    let obs = fragment.obs(as: Float.self)
    for t in 0...6 { actor.react(to: fragment, at: t, virtual: t == 6) }
    for t in 0...6 {
      for b in 0..<5 {
        for element in 0..<3 {
          let expected = t == 0 || fragment.fin[t, b] ? 0 : obs[t - 1, b, element]
          #expect(before[t, b, element] == expected, "row \(t), environment \(b)")
        }
      }
    }
  }

  @Test func `a virtual reaction leaves what is carried as it was`() throws {
    let (storage, actor) = try scene(stepCount: 2, environmentCount: 3)
    let fragment = storage.view
    actor.react(to: fragment, at: 0, virtual: false)
    actor.recordState(into: fragment)
    let first = try carried(fragment, "seen")
    #expect(first == Array(fragment.obs(as: Float.self).elements[..<9]))
    actor.react(to: fragment, at: 1, virtual: true)
    actor.recordState(into: fragment)
    #expect(try carried(fragment, "seen") == first)
    actor.react(to: fragment, at: 1, virtual: false)
    actor.recordState(into: fragment)
    #expect(try carried(fragment, "seen") == Array(fragment.obs(as: Float.self).elements[9..<18]))
  }

  @Test func `parts of what is carried that change places do not overwrite each other`() throws {
    let (storage, actor) = try scene(stepCount: 1, environmentCount: 1)
    let fragment = storage.view
    for step in 0..<5 {
      actor.recordState(into: fragment)
      // right′ = left + 1, left′ = right: each increases by one at every second step.
      #expect(try carried(fragment, "left") == Array(repeating: Float(step / 2), count: 2))
      #expect(
        try carried(fragment, "right") == Array(repeating: Float((step + 1) / 2), count: 2))
      actor.react(to: fragment, at: 0, virtual: false)
    }
  }

  @Test func `resetting forgets one environment, or all`() throws {
    let (storage, actor) = try scene(stepCount: 1, environmentCount: 3)
    let fragment = storage.view
    actor.react(to: fragment, at: 0, virtual: false)
    actor.recordState(into: fragment)
    var expected = try carried(fragment, "seen")
    actor.reset(environment: 1)
    actor.recordState(into: fragment)
    for element in 3..<6 { expected[element] = 0 }
    #expect(try carried(fragment, "seen") == expected)
    actor.reset(environment: nil)
    actor.recordState(into: fragment)
    #expect(try carried(fragment, "seen").allSatisfy { $0 == 0 })
    #expect(try carried(fragment, "right").allSatisfy { $0 == 0 })
  }

  @Test func `the learner's run from the recorded state says what the actor said`() throws {
    let (storage, actor) = try scene(stepCount: 5, environmentCount: 4)
    let fragment = storage.view
    actor.react(to: fragment, at: 3, virtual: false)
    actor.recordState(into: fragment)
    for t in 0..<5 { actor.react(to: fragment, at: t, virtual: false) }
    let graph = Graph()
    let traced = TracedFragment(graph, storage.layout)
    let reaction = try policy.react(
      to: traced.current, choosing: Categorical(count: 3), in: graph)
    let next = try #require(reaction.hx["seen"]?.value)
    let executor = Executor<Float>(graph, outputs: [reaction.logits, next])
    executor.bind(fragment)
    executor.forward()
    let logits = try #require(fragment.actor("logits"))
    #expect(executor.values(of: reaction.logits) == Array(logits.elements[..<60]))
    actor.recordState(into: fragment)
    #expect(executor.values(of: next) == (try carried(fragment, "seen")))
  }

  @Test func `a policy that carries on something else than it says is refused`() {
    struct Forgetful: Policy {
      static let kind = "forgetful"
      var shape = [3]
      var recurrentState: Nested<LeafSpecification> { .leaf(.init(.float32, shape)) }
      func react(
        to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
      ) throws(PolicyError) -> Reaction {
        guard let obs = state.obs.value else { throw PolicyError("one array, please") }
        return Reaction(
          logits: distribution.logits(from: obs),
          hx: shape == [3] ? .empty : .leaf(obs.rows(0..<1).reshaped([obs.shape[1], 3])))
      }
    }
    for policy in [Forgetful(), Forgetful(shape: [2])] {
      let error = #expect(throws: PolicyError.self) { try PolicySignature(policy, for: spaces) }
      #expect(error?.description.contains("recurrentState") == true)
    }
  }
}
