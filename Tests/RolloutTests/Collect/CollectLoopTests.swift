import Rollout
import TestSupport
import Testing

/// The rows of docs/fragment.md, as the loop records them from counting environments.
struct CollectLoopTests {
  /// A loop over counters, with the memory for its episode records.
  private final class Recording {
    let actor: ScriptedActor
    let storage: FragmentStorage
    let loop: CollectLoop
    private let memory: RunMemory
    private var cursor: UInt64 = 0

    init(
      _ members: [Counter], stepCount: Int, sticky: Bool = false, recordsFinal: Bool = true
    ) throws {
      let environments = try batch(members)
      actor = ScriptedActor(parts: environments.parts)
      storage = FragmentStorage(
        FragmentLayout(
          stepCount: stepCount, environmentCount: members.count,
          contents: FragmentContents(
            spaces: environments.spaces, reaction: actor.reaction,
            finalReaction: recordsFinal ? actor.finalReaction : .empty,
            recurrentState: actor.recurrentState)))
      memory = try RunMemory.singleLine()
      loop = CollectLoop(
        environments: environments, actor: actor, layout: storage.layout, sticky: sticky,
        line: memory.line(0))
      // The previous contents of a fragment must not matter.
      scribble(storage.view)
      try loop.start()
    }

    var fragment: FragmentView { storage.view }

    func collect() throws { try loop.collect(into: fragment) }

    func column<Element>(_ view: ColumnView<Element>, _ environment: Int = 0) -> [Element] {
      (0..<view.rowCount).map { view[$0, environment] }
    }

    var seen: [Float] { fragment.actor("seen").map { column($0) } ?? [] }
    var played: [Float] { fragment.actor("played").map { column($0) } ?? [] }

    func takeEpisodes() -> [EpisodeRecord] {
      var records: [EpisodeRecord] = []
      memory.line(0).drain(from: &cursor) { records.append($0) }
      return records
    }
  }

  @Test func `rows before, across and after a reset`() throws {
    let recording = try Recording([Counter(length: 3)], stepCount: 4)
    try recording.collect()
    let fragment = recording.fragment
    #expect(recording.column(fragment.stepno) == [0, 1, 2, 0, 1])
    #expect(recording.column(fragment.fin) == [true, false, false, true, false])
    #expect(recording.column(fragment.act(as: Int32.self)) == [0, 10, 11, 12, 13])
    #expect(recording.column(fragment.rew) == [0, 10, 11, 12, 13])
    #expect(recording.column(fragment.terminated) == [false, false, true, false])
    #expect(recording.column(fragment.truncated) == [false, false, false, false])
    let obs = fragment.obs(as: Float.self)
    #expect((0...4).map { obs[$0, 0, 0] } == [0, 1, 2, 0, 1])
    #expect((0...4).map { obs[$0, 0, 1] } == [0, 1, 2, 3, 4])
    let final: ColumnView<Float> = fragment.column(try #require(fragment.layout.finalObs.value))
    #expect(final[2, 0, 0] == 3 && final[2, 0, 1] == 3)
    // The reaction to row t saw row t. The last one is virtual and was not played.
    #expect(recording.seen == [0, 1, 2, 0, 1])
    #expect(recording.played == [0, 1, 2, 3, 4])
    #expect(recording.actor.played == 4)
  }

  @Test func `the last row is the next fragment's first, wherever that lies`() throws {
    let recording = try Recording([Counter(length: 3), Counter(length: 5)], stepCount: 4)
    try recording.collect()
    let layout = recording.storage.layout
    let last = layout.stateColumns.map { bytes(recording.fragment, $0, row: 4) }
    scribble(recording.fragment, seed: 7)
    try recording.collect()
    #expect(layout.stateColumns.map { bytes(recording.fragment, $0, row: 0) } == last)
    #expect(recording.column(recording.fragment.stepno) == [1, 2, 0, 1, 2])
    #expect(recording.column(recording.fragment.rew) == [13, 14, 15, 16, 17])
    #expect(recording.column(recording.fragment.stepno, 1) == [4, 0, 1, 2, 3])
    // When played, the reaction to row 0 is the fifth one, as the virtual one was.
    #expect(recording.played == [4, 5, 6, 7, 8])
  }

  @Test func `the recurrent state is the one before row 0`() throws {
    let recording = try Recording([Counter(length: 3)], stepCount: 4)
    let column = try #require(recording.storage.layout.hx.value)
    for expected in [Float(0), 4, 8] {
      try recording.collect()
      let view: ColumnView<Float> = recording.fragment.column(column)
      #expect(view[0, 0] == expected)
    }
  }

  @Test func `the actor forgets an episode that is over, and everything at the start`() throws {
    let recording = try Recording([Counter(length: 3), Counter(length: 5)], stepCount: 4)
    for _ in 0..<3 { try recording.collect() }
    // After steps 3, 5, 6, 9, 10 and 12.
    #expect(recording.actor.resets == [nil, 0, 1, 0, 0, 1, 0])
  }

  @Test func `a step limit is told apart from an end`() throws {
    let recording = try Recording(
      [Counter(length: 2, truncates: true), Counter(length: 2)], stepCount: 4)
    try recording.collect()
    let fragment = recording.fragment
    #expect(recording.column(fragment.truncated) == [false, true, false, true])
    #expect(recording.column(fragment.terminated) == [false, false, false, false])
    #expect(recording.column(fragment.terminated, 1) == [false, true, false, true])
    #expect(recording.column(fragment.fin) == recording.column(fragment.fin, 1))
  }

  @Test(arguments: [false, true])
  func `where a limit cuts, the actor is asked about the last observation before it forgets`(
    sticky: Bool
  ) throws {
    let members = [Counter(length: 2, truncates: true), Counter(length: 2), Counter(length: 9)]
    let recording = try Recording(members, stepCount: 4, sticky: sticky)
    try recording.collect()
    let fragment = recording.fragment
    // A frozen environment is not truncated again.
    #expect(recording.actor.finalRows == (sticky ? [1] : [1, 3]))
    let seen = try #require(fragment.final("seen"))
    let resets = try #require(fragment.final("resets"))
    // The start, and for row 3 the two ends at row 1. Ends of the same step are reset afterwards.
    #expect(seen[1, 0] == 2 && resets[1, 0] == 1)
    if !sticky { #expect(seen[3, 0] == 2 && resets[3, 0] == 3) }
    // Other elements are not written.
    for t in 0..<4 {
      for b in 0..<3 where !fragment.truncated[t, b] { #expect(seen[t, b] != 2) }
    }
    let silent = try Recording(members, stepCount: 4, sticky: sticky, recordsFinal: false)
    try silent.collect()
    #expect(silent.actor.finalRows.isEmpty)
  }

  @Test func `sticky environments wait at their reset state`() throws {
    let recording = try Recording(
      [Counter(length: 2), Counter(length: 9)], stepCount: 4, sticky: true)
    try recording.collect()
    let fragment = recording.fragment
    func check(_ rewards: [Float], _ actions: [Int32], _ steps: [Float]) {
      #expect(recording.column(fragment.stepno) == [0, 1, 0, 0, 0])
      #expect(recording.column(fragment.fin) == [true, false, true, true, true])
      #expect(recording.column(fragment.rew) == rewards)
      #expect(recording.column(fragment.act(as: Int32.self)) == actions)
      #expect(recording.column(fragment.terminated) == [false, true, false, false])
      #expect(recording.column(fragment.truncated) == [false, false, false, false])
      let obs = fragment.obs(as: Float.self)
      #expect((0...4).map { obs[$0, 0, 1] } == steps)
      #expect(recording.seen == [0, 1, 0, 0, 0])
    }
    check([0, 10, 11, 0, 0], [0, 10, 11, 11, 11], [0, 1, 2, 2, 2])
    // `fin` is set in row 0 and freezes nothing.
    try recording.collect()
    check([0, 14, 15, 0, 0], [11, 14, 15, 15, 15], [2, 3, 4, 4, 4])
    // The other environment continues all the while.
    #expect(recording.column(fragment.stepno, 1) == [4, 5, 6, 7, 8])
  }

  @Test func `played steps of a sticky fragment can be counted from its ends`() throws {
    for length in 1...6 {
      let recording = try Recording([Counter(length: length)], stepCount: 4, sticky: true)
      try recording.collect()
      let open = recording.column(recording.fragment.fin).dropFirst().count { !$0 }
      #expect(min(1 + open, 4) == min(length, 4))
    }
  }

  @Test func `episodes are told with their return and length, through fragments`() throws {
    let recording = try Recording([Counter(length: 3), Counter(length: 5)], stepCount: 4)
    try recording.collect()
    // 10 + 11 + 12 within the first fragment.
    #expect(recording.takeEpisodes() == [EpisodeRecord(episodeReturn: 33, length: 3)])
    try recording.collect()
    // 10 … 14 across the boundary first, then 13 + 14 + 15.
    #expect(
      recording.takeEpisodes() == [
        EpisodeRecord(episodeReturn: 60, length: 5), EpisodeRecord(episodeReturn: 42, length: 3),
      ])
    #expect(recording.takeEpisodes().isEmpty)
  }

  @Test func `waiting counts for no episode`() throws {
    let recording = try Recording([Counter(length: 2)], stepCount: 5, sticky: true)
    for first in [Float(10), 15, 20] {
      try recording.collect()
      #expect(
        recording.takeEpisodes() == [EpisodeRecord(episodeReturn: 2 * first + 1, length: 2)])
    }
    // An episode that crosses the boundary of sticky fragments keeps its sum.
    let long = try Recording([Counter(length: 7)], stepCount: 5, sticky: true)
    try long.collect()
    #expect(long.takeEpisodes().isEmpty)
    try long.collect()
    #expect(
      long.takeEpisodes()
        == [EpisodeRecord(episodeReturn: (10...16).reduce(0) { $0 + Float($1) }, length: 7)])
  }

  @Test func `a fault names the environment and ends the fragment`() throws {
    let recording = try Recording(
      [Counter(length: 3), Counter(length: 5, lastStep: 2)], stepCount: 4)
    let fault = #expect(throws: EnvironmentFault.self) { try recording.collect() }
    #expect(fault?.environment == 1 && fault?.step == 2)
  }
}
