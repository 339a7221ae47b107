import Testing

@testable import Rollout

/// A color image of two pixels determined by the number of steps, and that number.
struct Camera: Environment {
  struct View: Recordable {
    var image: [UInt8]
    var steps: Float

    static var leafTypes: [ElementType] { [UInt8].leafTypes + Float.leafTypes }

    init(steps: Int) {
      image = (0..<6).map { UInt8(40 * $0 + 5 * steps) }
      self.steps = Float(steps)
    }

    init(loading leaves: LeafRow) {
      image = Array(loading: leaves)
      steps = Float(loading: leaves.dropping(1))
    }

    func store(in leaves: LeafRow) {
      image.store(in: leaves)
      steps.store(in: leaves.dropping(1))
    }
  }

  var count = 0
  var observationSpace: Space {
    .dict([
      SpaceField("image", .box(shape: [1, 2, 3], low: 0, high: 255, elementType: .uint8)),
      SpaceField("steps", .box(shape: [], low: 0, high: 9)),
    ])
  }
  var actionSpace: Space { .discrete(2) }
  var observation: View { View(steps: count) }
  mutating func reset(using random: inout PCG64) { count = 0 }
  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    count += 1
    return StepOutcome(reward: 0, terminated: count == 2)
  }
}

struct ObservedPartTests {
  private let streams = [PCG64(seed: 0)]

  /// Returns wrapped cockpits after six steps of three-step episodes.
  private func cockpit(_ wrappers: Wrapper...) throws -> Stage {
    let batch = try NativeEnvironmentBatch(streams: streams) { _ in Cockpit() }
    let stage = Stage(try wrappers.wrap(batch, streams: streams), stepCount: 6)
    try stage.reset()
    for t in 0..<6 {
      try stage.batch.step(stage.fragment, from: t, sticky: false, position: stage.position)
    }
    return stage
  }

  private func part<Element: RecordableScalar>(
    _ stage: Stage, _ place: Int, row: Int, _ type: Element.Type
  ) -> [Element] {
    Array(
      loading: stage.leaves(stage.storage.layout.obs, row: row, environment: 0).dropping(place))
  }

  /// Returns the observation in a row and the previous one of the episode, or the first one twice.
  private func shown(_ row: Int) -> (now: Dashboard, before: Dashboard) {
    (Dashboard(count: row % 3), Dashboard(count: max(0, row % 3 - 1)))
  }

  private func expectOthers(_ stage: Stage, besides place: Int, row: Int) {
    let now = shown(row).now
    #expect(part(stage, 0, row: row, Float.self) == [now.speed])
    #expect(part(stage, 3, row: row, Bool.self) == [now.isOn])
    if place == 1 {
      #expect(part(stage, 2, row: row, UInt8.self) == now.picture)
    } else {
      #expect(
        part(stage, 1, row: row, Double.self) == (0..<4).map { now.proximity[$0] })
    }
  }

  @Test func `a mask picks elements of the part that is named`() throws {
    let stage = try cockpit(.observationMask(keeping: [3, 1], at: "sight.0"))
    for row in 0...6 {
      let now = shown(row).now.proximity
      #expect(part(stage, 1, row: row, Double.self) == [now[3], now[1]])
      expectOthers(stage, besides: 1, row: row)
    }
    #expect(
      stage.batch.spaces.observation.parts["sight"]?[0]?.value
        == .box(shape: [2], low: 0, high: 1, elementType: .float64))
  }

  @Test func `a stack remembers the part that is named`() throws {
    let stage = try cockpit(.frameStack(2, at: "sight.1"))
    for row in 0...6 {
      let (now, before) = shown(row)
      #expect(part(stage, 2, row: row, UInt8.self) == before.picture + now.picture)
      expectOthers(stage, besides: 2, row: row)
    }
    let final = stage.leaves(stage.storage.layout.finalObs, row: 2, environment: 0)
    #expect(
      [UInt8](loading: final.dropping(2))
        == Dashboard(count: 2).picture + Dashboard(count: 3).picture)
    #expect(Float(loading: final) == 3)
  }

  @Test func `an image that is a part gets smaller`() throws {
    let stage = try cockpit(.resize(height: 1, width: 3, at: "sight.1"))
    for row in 0...6 {
      // The mean of two rows, with the second larger by 3; halves become even, as OpenCV's.
      #expect(
        part(stage, 2, row: row, UInt8.self)
          == shown(row).now.picture[..<3].map {
            UInt8((Double($0) + 1.5).rounded(.toNearestOrEven))
          })
      expectOthers(stage, besides: 2, row: row)
    }
  }

  @Test(arguments: [
    (Wrapper.only(["sight.0", "speed"]), [0, 1]), (.without(["sight.1", "on"]), [0, 1]),
    (.without(["sight"]), [0, 3]), (.only(["on"]), [3]),
  ])
  func `some parts are shown, and the others are not`(wrapper: Wrapper, places: [Int]) throws {
    let (part, whole) = (try cockpit(wrapper), try cockpit())
    let paths = whole.batch.spaces.observation.parts.paths()
    #expect(part.batch.spaces.observation.parts.leaves.count == places.count)
    func leaf(_ stage: Stage, _ leaf: Int, _ row: Int) -> [Double] {
      let places = stage.storage.layout.obs.leaves
      let values = stage.leaves(stage.storage.layout.obs, row: row, environment: 0).dropping(leaf)
      let type = stage.batch.spaces.observation.leaves.leaves[leaf].elementType
      return (0..<places[leaf].elementCount).map { values.number(as: type, at: $0) }
    }
    for row in 0...6 {
      for (shown, place) in places.enumerated() {
        #expect(leaf(part, shown, row) == leaf(whole, place, row), "\(paths[place])")
      }
    }
  }

  @Test(arguments: [
    (Wrapper.only(["sound"]), "which has no part 'sound'; its parts are "),
    (.without(["sped"]), "Did you mean speed?"),
    (.without(["speed", "sight", "on"]), "nothing of the observation"),
  ])
  func `parts that are not there are named`(wrapper: Wrapper, words: String) throws {
    let error = try #require(throws: WrapperError.self) { try cockpit(wrapper) }
    #expect(error.description.contains(words), "\(error)")
  }

  @Test(arguments: [
    ("only=image,side", ["only=image,side"]),
    ("only=image,side,frame-stack=4@image", ["only=image,side", "frame-stack=4@image"]),
    ("without=mission,reward-sign", ["without=mission", "reward-sign"]),
    ("gray-scale@image,only=image", ["gray-scale@image", "only=image"]),
  ])
  func `names of parts stay with their wrapper`(text: String, wrappers: [String]) throws {
    #expect(try Wrapper.list(parsing: text).map(\.description) == wrappers)
  }

  @Test func `wrappers of a part stand on each other`() throws {
    let batch = try NativeEnvironmentBatch(streams: streams) { _ in Camera() }
    let wrappers: [Wrapper] = [.grayScale(at: "image"), .frameStack(2, at: "image")]
    let stage = Stage(try wrappers.wrap(batch, streams: streams), stepCount: 2)
    try stage.reset()
    try stage.collect { _, _ in 0 }
    func gray(_ steps: Int) -> [UInt8] {
      let image: [Double] = Camera.View(steps: steps).image.map { Double($0) }
      return [0, 3].map { (start: Int) -> UInt8 in
        let red = 0.299 * image[start]
        let green = 0.587 * image[start + 1]
        let blue = 0.114 * image[start + 2]
        return UInt8((red + green + blue).rounded())
      }
    }
    #expect(part(stage, 0, row: 1, UInt8.self) == gray(0) + gray(1))
    #expect(part(stage, 1, row: 1, Float.self) == [1])
    #expect(
      stage.batch.spaces.observation.parts["image"]?.value
        == .box(shape: [2, 1, 2], low: 0, high: 255, elementType: .uint8))
  }

  @Test(arguments: [
    (Wrapper.frameStack(2), "must be a Box: name one of its parts after an @: speed, sight.0, "),
    (.frameStack(2, at: "sight"), "has no leaf 'sight'; its leaves are speed, "),
    (.frameStack(2, at: "sped"), "Did you mean speed?"),
    (.grayScale(at: "sight.1"), "must have 3 colors"),
    (.resize(height: 1, width: 1, at: "speed"), "must be a uint8 image"),
    (.observationMask(keeping: [4], at: "sight.0"), "element 4 of the observation"),
  ])
  func `a part that does not suit is refused`(wrapper: Wrapper, words: String) {
    let error = #expect(throws: WrapperError.self) { try cockpit(wrapper) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test func `an array has no parts`() {
    let error = #expect(throws: WrapperError.self) {
      try EnvironmentConfiguration("CartPole-v1", wrappers: [.frameStack(2, at: "x")]).spaces()
    }
    #expect(error?.description.contains("has no parts: leave '@x' out") == true)
  }
}
