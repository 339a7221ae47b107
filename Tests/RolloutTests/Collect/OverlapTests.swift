import TestSupport
import Testing

@testable import Rollout

/// Halves of a batch that step while the actor reacts to the other half.
struct OverlapTests {
  private let members = [
    Counter(length: 3), Counter(length: 5, truncates: true), Counter(length: 4),
  ]

  /// A loop over a batch, with its memory.
  private final class Recording {
    let storage: FragmentStorage
    let loop: CollectLoop
    let actor: ScriptedActor
    private let memory: RunMemory

    init(
      _ environments: any EnvironmentBatch, parts: [Range<Int>], sticky: Bool, stepCount: Int = 7
    ) throws {
      actor = ScriptedActor(parts: parts)
      storage = FragmentStorage(
        FragmentLayout(
          stepCount: stepCount, environmentCount: environments.count,
          contents: FragmentContents(
            spaces: environments.spaces, reaction: actor.reaction,
            recurrentState: actor.recurrentState)))
      memory = try RunMemory.singleLine()
      loop = CollectLoop(
        environments: environments, actor: actor, layout: storage.layout, sticky: sticky,
        line: memory.line(0))
      try loop.start()
    }

    /// Returns all bytes of the next fragment; bytes that are not written are 0.
    func collect() throws -> [UInt8] {
      let bytes = UnsafeMutableRawBufferPointer(
        start: storage.view.base, count: storage.layout.byteCount)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      try loop.collect(into: storage.view)
      // Final observations are undefined where no episode ended.
      for t in 0..<storage.layout.stepCount {
        for index in 0..<storage.layout.environmentCount
        where !storage.view.terminated[t, index] && !storage.view.truncated[t, index] {
          for column in storage.layout.finalObs.leaves {
            (storage.view.base + column.offset(row: t, environment: index))
              .initializeMemory(as: UInt8.self, repeating: 0, count: column.environmentStride)
          }
        }
      }
      return Array(bytes)
    }

    func episodes() -> [EpisodeRecord] {
      var (cursor, records): (UInt64, [EpisodeRecord]) = (0, [])
      memory.line(0).drain(from: &cursor) { records.append($0) }
      return records
    }
  }

  @Test func `a batch that overlaps has two parts, of one environment one`() throws {
    #expect(EagerBatch(try batch(members)).parts == [0..<2, 2..<3])
    #expect(EagerBatch(try batch([Counter(length: 3)])).parts == [0..<1])
    #expect(try batch(members).parts == [0..<3])
    #expect(WrappedBatch(EagerBatch(try batch(members))).parts == [0..<2, 2..<3])
    #expect(WrappedBatch(try batch(members)).parts == [0..<3])
  }

  @Test func `one half's next step is begun before the other half's is waited for`() throws {
    let environments = EagerBatch(try batch(members))
    let recording = try Recording(
      environments, parts: environments.parts, sticky: false, stepCount: 2)
    let (all, one, two) = (0..<3, 0..<2, 2..<3)
    _ = try recording.collect()
    #expect(
      environments.events == [.begin(0, all), .finish(0, all), .begin(1, all), .finish(1, all)])
    _ = try recording.collect()
    #expect(
      environments.events.dropFirst(4) == [
        .begin(0, one), .begin(0, two), .finish(0, one), .begin(1, one), .finish(0, two),
        .begin(1, two), .finish(1, one), .finish(1, two),
      ])
  }

  @Test(arguments: [false, true])
  func `fragments are the same byte for byte, whole or in halves`(sticky: Bool) throws {
    let whole = try Recording(batch(members), parts: [0..<3], sticky: sticky)
    let halves = try Recording(
      EagerBatch(batch(members)), parts: [0..<2, 2..<3], sticky: sticky)
    for _ in 0..<5 { #expect(try whole.collect() == halves.collect()) }
    #expect(whole.episodes() == halves.episodes())
    #expect(whole.actor.resets == halves.actor.resets)
  }

  @Test func `a fault of one half names its environment and step`() throws {
    let members = [
      Counter(length: 9), Counter(length: 9), Counter(length: 9, lastStep: 6),
    ]
    let recording = try Recording(
      EagerBatch(batch(members)), parts: [0..<2, 2..<3], sticky: false, stepCount: 4)
    _ = try recording.collect()
    let fault = #expect(throws: EnvironmentFault.self) { try recording.collect() }
    #expect(fault?.environment == 2 && fault?.step == 6)
  }

  /// Wrappers that change observations, rewards and ends, or step and restart environments.
  static let wrappers: [[Wrapper]] = [
    [], [.frameStack(3)], [.rewardClip(10...60), .shaping(discount: 0.9)], [.actionRepeat(3)],
    [.frameSkip(4), .frameStack(2)], [.randomNoOps(upTo: 3)], [.endOnLostLife],
    [.endOnLostLife, .fireOnReset, .timeLimit(4)],
    [.frameStack(2), .timeLimit(3)], [.actionRepeat(2), .timeLimit(2), .randomNoOps(upTo: 2)],
    [.endOnLostLife, .timeLimit(4), .frameSkip(3), .rewardSign],
  ]

  @Test(arguments: wrappers.indices, [false, true])
  func `wrapped fragments are the same byte for byte`(number: Int, sticky: Bool) throws {
    let streams = (0..<5).map { PCG64(seed: UInt64(40 + $0)) }
    let native = try NativeEnvironmentBatch(streams: streams) {
      DefinedTask(task: Flicker(length: 4 + $0, truncates: $0 == 2))
    }
    let eager = try NativeEnvironmentBatch(streams: streams) {
      DefinedTask(task: Flicker(length: 4 + $0, truncates: $0 == 2))
    }
    let whole = try Self.wrappers[number].wrap(native, streams: streams)
    let halved = try Self.wrappers[number].wrap(EagerBatch(eager), streams: streams)
    #expect(halved.parts == [0..<3, 3..<5])
    let one = try Recording(whole, parts: whole.parts, sticky: sticky)
    let other = try Recording(halved, parts: halved.parts, sticky: sticky)
    for _ in 0..<6 { #expect(try one.collect() == other.collect()) }
    #expect(one.episodes() == other.episodes())
  }
}
