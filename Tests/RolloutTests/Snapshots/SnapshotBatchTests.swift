import Testing

@testable import Rollout

/// Batches that resume from a snapshot like the batch from which it was taken.
struct SnapshotBatchTests {
  @Test(arguments: EnvironmentRegistry().ids, [3, 9])
  func `every environment of the registry goes on`(id: String, count: Int) throws {
    let specification = try EnvironmentRegistry().environment(id)
    #expect(specification.maySnapshot)
    let actionCount: Int
    if case .discrete(let choices) = try specification.spaces.action {
      actionCount = choices
    } else {
      actionCount = 0
    }
    for sticky in [false, true] {
      try expectResumes(id, sticky: sticky, actionCount: actionCount) {
        try EnvironmentConfiguration(id, limit: .steps(10)).makeBatch(
          streams: streams(count, seed: $0))
      }
    }
  }

  /// The task around which each wrapper is tested: walks, pictures, or one with parts.
  private static let examples: [String: (text: String, seesPictures: Bool)] = [
    "time-limit": ("time-limit=5", false), "action-repeat": ("action-repeat=2", false),
    "frame-skip": ("frame-skip=3", true), "random-noops": ("random-noops=4", false),
    "end-on-lost-life": ("end-on-lost-life", false), "fire-on-reset": ("fire-on-reset", false),
    "observation-mask": ("observation-mask=2,0", false), "gray-scale": ("gray-scale", true),
    "resize": ("resize=4x3", true), "frame-stack": ("frame-stack=3", true),
    "reward-scale": ("reward-scale=0.5", false), "reward-clip": ("reward-clip=0:2", false),
    "reward-sign": ("reward-sign", false), "shaping": ("shaping=0.9", false),
    "only": ("only=steps", false), "without": ("without=steps", false),
  ]

  private func wrapped(
    _ wrappers: [Wrapper], ofPictures: Bool, seed: UInt64
  ) throws -> any EnvironmentBatch {
    let streams = streams(4, seed: seed)
    let batch: any EnvironmentBatch =
      ofPictures
      ? try NativeEnvironmentBatch(streams: streams) { _ in Painting() }
      : try TimeLimitBatch(
        NativeEnvironmentBatch(streams: streams) { _ in Wanderer() }, steps: 9)
    return try wrappers.wrap(batch, streams: streams)
  }

  @Test(arguments: WrapperName.all.map(\.name), [false, true])
  func `every wrapper goes on`(name: String, sticky: Bool) throws {
    let example = try #require(Self.examples[name], "the wrapper \(name) is not tried")
    let wrapper = try Wrapper(parsing: example.text)
    // An innermost time limit would become the environment's own.
    for wrappers in [[.rewardSign, wrapper], [.frameStack(2), wrapper, .rewardSign]] {
      // A wrapper of images with three axes would receive a stack with four.
      if ["gray-scale", "resize"].contains(name), wrappers.count == 3 { continue }
      if ["only", "without"].contains(name) {
        if wrappers.count == 3 { continue }
        try expectResumes("\(wrapper)", sticky: sticky) {
          let streams = streams(4, seed: $0)
          return try wrappers.wrap(
            NativeEnvironmentBatch(streams: streams) { _ in Camera() }, streams: streams)
        }
        continue
      }
      try expectResumes(wrappers.map(\.description).joined(separator: " "), sticky: sticky) {
        try wrapped(wrappers, ofPictures: example.seesPictures, seed: $0)
      }
    }
  }

  @Test func `a masked environment goes on, and one with an array that says so`() throws {
    try expectResumes("mask") {
      let carts = try NativeEnvironmentBatch(streams: streams(3, seed: $0)) { _ in CartPole() }
      return try TimeLimitBatch(ObservationMaskBatch(carts, keeping: [0, 2]), steps: 8)
    }
    try expectResumes("painting") {
      try NativeEnvironmentBatch(streams: streams(3, seed: $0)) { _ in Painting() }
    }
  }

  @Test func `references that nothing is said about have no snapshots, nor what is around them`()
    throws
  {
    let sketches = try NativeEnvironmentBatch(streams: streams(2, seed: 0)) { _ in Sketch() }
    #expect(!sketches.canSnapshot)
    #expect(!WrappedBatch(sketches).canSnapshot)
    #expect(!haveSnapshots(Sketch.self))
    #expect(haveSnapshots(Wanderer.self) && haveSnapshots(Painting.self))
    // Python is not started to answer this.
    #expect(try !EnvironmentRegistry().environment("gym:CartPole-v1").maySnapshot)
  }

  @Test func `a loop goes on with its row, its actor and its episodes`() throws {
    let memory = try RunMemory(
      creating: RunLayout(
        workerCount: 2, bufferCount: 1, fragmentByteCount: 64, weightCount: 0,
        descriptionByteCount: 0),
      description: [])
    func loop(_ worker: Int) throws -> (CollectLoop, FragmentStorage) {
      let actor = ScriptedActor(parts: [0..<2])
      let environments = try batch([Counter(length: 3), Counter(length: 5)])
      let layout = FragmentLayout(
        stepCount: 4, environmentCount: 2,
        contents: FragmentContents(
          spaces: environments.spaces, reaction: actor.reaction,
          recurrentState: actor.recurrentState))
      let loop = CollectLoop(
        environments: environments, actor: actor, layout: layout, sticky: false,
        line: memory.line(worker))
      return (loop, FragmentStorage(layout))
    }
    let ((one, first), (other, second)) = (try loop(0), try loop(1))
    try one.start()
    for _ in 0..<2 { try one.collect(into: first.view) }
    var episodes: [EpisodeRecord] = []
    var cursors: [UInt64] = [0, 0]
    memory.line(0).drain(from: &cursors[0]) { _ in }
    var snapshot = Array(repeating: UInt8(0), count: one.snapshotByteCount)
    snapshot.withUnsafeMutableBytes {
      one.save(into: SnapshotView($0))
      other.restore(from: SnapshotView($0))
    }
    for _ in 0..<3 {
      try one.collect(into: first.view)
      try other.collect(into: second.view)
      for column in first.layout.columns where column.rowCount != 4 {
        #expect(bytes(first.view, column) == bytes(second.view, column))
      }
    }
    memory.line(0).drain(from: &cursors[0]) { episodes.append($0) }
    memory.line(1).drain(from: &cursors[1]) {
      #expect($0 == episodes.removeFirst())
    }
    #expect(cursors[1] > 3 && episodes.isEmpty)
  }
}

/// Returns all bytes of a column.
private func bytes(_ fragment: FragmentView, _ column: Column) -> [UInt8] {
  Array(UnsafeRawBufferPointer(start: fragment.base + column.offset, count: column.byteCount))
}
