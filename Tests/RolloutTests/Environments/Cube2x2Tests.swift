import Glibc
import Rollout
import TestSupport
import Testing

/// The cube, compared with the group of a real cube's turns and a model of its eight corners.
struct Cube2x2Tests {
  /// The cube as eight corners: the corner at each place, and its twist.
  ///
  /// Places and cycles are Kociemba's (`cubie level`): URF, UFL, ULB, UBR, DFR, DLF, DBL, DRB. A
  /// twist is the clockwise position of the sticker with the color of U or D.
  struct Corners: Hashable {
    var corner = Array(0..<8)
    var twist = Array(repeating: 0, count: 8)

    /// The source of each place under a clockwise turn, and its twist; for U, D, L, R, F, B.
    static let turns: [(from: [Int], twist: [Int])] = [
      ([3, 0, 1, 2, 4, 5, 6, 7], [0, 0, 0, 0, 0, 0, 0, 0]),
      ([0, 1, 2, 3, 5, 6, 7, 4], [0, 0, 0, 0, 0, 0, 0, 0]),
      ([0, 2, 6, 3, 4, 1, 5, 7], [0, 1, 2, 0, 0, 2, 1, 0]),
      ([4, 1, 2, 0, 7, 5, 6, 3], [2, 0, 0, 1, 1, 0, 0, 2]),
      ([1, 5, 2, 3, 0, 4, 6, 7], [1, 2, 0, 0, 2, 1, 0, 0]),
      ([0, 1, 3, 7, 4, 5, 2, 6], [0, 0, 1, 2, 0, 0, 2, 1]),
    ]

    mutating func turn(_ action: Int) {
      for _ in 0..<(action % 2 == 0 ? 1 : 3) {
        let (from, twisted) = Self.turns[action / 2]
        (corner, twist) = (
          from.map { corner[$0] }, (0..<8).map { (twist[from[$0]] + twisted[$0]) % 3 }
        )
      }
    }
  }

  func stickers(_ cube: Cube2x2) -> [UInt8] { (0..<24).map { cube.stickers[$0] } }

  func cube(after turns: [Int]) throws -> Cube2x2 {
    var cube = try Cube2x2()
    for turn in turns { cube.turn(turn) }
    return cube
  }

  func turns(_ names: String) throws -> [Int] {
    try names.split(separator: " ").map { name in
      try #require(CubeTurns.names.firstIndex(of: String(name)))
    }
  }

  /// Returns the number of repetitions of a sequence until every sticker is back in its place.
  ///
  /// Stickers are distinguished even if they have the same color.
  func order(_ sequence: [Int]) -> Int {
    var place = Array(0..<24)
    for count in 1... {
      for turn in sequence { place = (0..<24).map { place[Int(CubeTurns.sources[turn][$0])] } }
      if place == Array(0..<24) { return count }
    }
    return 0
  }

  @Test func `the turns are those of the seed, in its order`() {
    #expect(CubeTurns.names.joined(separator: " ") == "U+ U- D+ D- L+ L- R+ R- F+ F- B+ B-")
  }

  @Test(arguments: 0..<12)
  func `a turn is a permutation that moves twelve stickers`(turn: Int) {
    let sources = (0..<24).map { Int(CubeTurns.sources[turn][$0]) }
    #expect(sources.sorted() == Array(0..<24))
    #expect(sources.indices.count { sources[$0] != $0 } == 12)
    // The turned face keeps its stickers. The opposite face keeps all stickers in place.
    let face = turn / 2
    #expect(Set(sources[face * 4..<face * 4 + 4]) == Set(face * 4..<face * 4 + 4))
    let opposite = face ^ 1
    #expect(sources[opposite * 4..<opposite * 4 + 4].elementsEqual(opposite * 4..<opposite * 4 + 4))
  }

  @Test(arguments: 0..<12)
  func `four times a turn, and a turn and its inverse, change nothing`(turn: Int) {
    #expect(order([turn]) == 4)
    #expect(order([turn, turn]) == 2)
    #expect(order([turn, turn ^ 1]) == 1)
  }

  @Test func `a face turns clockwise`() throws {
    // R+ moves F's right column to U, U's to B (upside down), B's to D, D's to F.
    let cube = stickers(try cube(after: turns("R+")))
    #expect(cube == [0, 4, 0, 4, 1, 5, 1, 5, 2, 2, 2, 2, 3, 3, 3, 3, 4, 1, 4, 1, 0, 5, 0, 5])
    // U+ moves R's upper row to F, F's to L, L's to B, B's to R.
    let other = stickers(try self.cube(after: turns("U+")))
    #expect(other == [0, 0, 0, 0, 1, 1, 1, 1, 4, 4, 2, 2, 5, 5, 3, 3, 3, 3, 4, 4, 2, 2, 5, 5])
  }

  @Test(arguments: [
    ("R+ U+", 15), ("R+ U+ R- U-", 6), ("R+ U-", 9), ("U+ D+", 4), ("L+ R+", 4),
    ("R+ U+ R- U- R- F+ R+ R+ U- R- U- R+ U+ R- F-", 2),
  ])
  func `sequences have the orders that they have on a real cube`(
    sequence: String, expected: Int
  ) throws {
    #expect(order(try turns(sequence)) == expected)
    // The same for the corners.
    var corners = Corners()
    var count = 0
    repeat {
      for turn in try turns(sequence) { corners.turn(turn) }
      count += 1
    } while corners != Corners()
    #expect(count == expected)
  }

  @Test func `turns agree with the corners' model on random sequences`() throws {
    var random = PCG64(seed: 4)
    var colorsOf: [Corners: [UInt8]] = [:]
    var cornersOf: [[UInt8]: Corners] = [:]
    for _ in 0..<300 {
      var (cube, corners) = (try Cube2x2(), Corners())
      for _ in 0..<random.integer(below: 5) {
        let turn = random.integer(below: 12)
        cube.turn(turn)
        corners.turn(turn)
      }
      // Short sequences coincide: equal corners must show equal colors, and vice versa.
      #expect(
        colorsOf.updateValue(stickers(cube), forKey: corners).map { $0 == stickers(cube) } != false
      )
      #expect(cornersOf.updateValue(corners, forKey: stickers(cube)).map { $0 == corners } != false)
    }
    #expect(colorsOf.count > 100 && colorsOf.count < 300)
  }

  @Test func `a solved cube is solved however it is held`() throws {
    #expect(try cube(after: []).isSolved)
    #expect(try cube(after: turns("U+ D-")).isSolved)
    #expect(try cube(after: turns("R+ L- F+ B-")).isSolved)
    #expect(try !cube(after: turns("U+ D+")).isSolved)
    #expect(try !cube(after: turns("U+")).isSolved)
  }

  @Test func `solving ends the episode and costs nothing`() throws {
    var random = PCG64(seed: 9)
    var cube = try Cube2x2()
    for _ in 0..<50 {
      cube.reset(using: &random)
      #expect(!cube.isSolved)
      let solutions = (0..<12).filter { turn in
        var (copy, stream) = (cube, random)
        let outcome = copy.step(turn, using: &stream)
        #expect(outcome == StepOutcome(reward: copy.isSolved ? 0 : -1, terminated: copy.isSolved))
        return copy.isSolved
      }
      // Back by the same face, or the same rotation by the opposite one.
      #expect(solutions.count == 2)
    }
  }

  @Test func `the observation is stickers and the last four actions, one-hot`() throws {
    var random = PCG64(seed: 2)
    var cube = try Cube2x2(depth: 3)
    cube.reset(using: &random)
    var played: [Int] = []
    for step in 0..<7 {
      var expected = Array(repeating: Float(0), count: 192)
      for place in 0..<24 { expected[place * 6 + Int(cube.stickers[place])] = 1 }
      for (slot, action) in zip((0..<4).reversed(), played.reversed()) {
        expected[144 + slot * 12 + action] = 1
      }
      let shown = cube.observation
      #expect((0..<192).map { shown[$0] } == expected)
      _ = cube.step(step + 3, using: &random)
      played.append(step + 3)
    }
  }

  @Test func `equal seeds give equal scrambles and other seeds others`() throws {
    func scrambles(_ seed: UInt64) throws -> [[UInt8]] {
      var cube = try Cube2x2(depth: 8)
      var random = PCG64(seed: seed)
      return (0..<5).map { _ in
        cube.reset(using: &random)
        return stickers(cube)
      }
    }
    #expect(try scrambles(1) == scrambles(1))
    #expect(try scrambles(1) != scrambles(2))
  }

  @Test func `scrambles grow when enough of the latest 64 were solved, up to the maximum`() throws {
    var random = PCG64(seed: 3)
    var cube = try Cube2x2(depth: 1, maximumDepth: 3, threshold: 0.75)
    var depths: [Int] = []
    for episode in 0..<300 {
      cube.reset(using: &random)
      depths.append(cube.depth)
      // Three of four episodes end solved; the others remain unsolved.
      if episode % 4 != 0 { cube.stickers = try self.cube(after: []).stickers }
    }
    #expect(depths == (0..<300).map { 1 + min(2, $0 / 64) })
  }

  @Test func `scrambles stay as they are below the threshold`() throws {
    var random = PCG64(seed: 3)
    var cube = try Cube2x2(depth: 1, maximumDepth: 3, threshold: 0.76)
    for episode in 0..<300 {
      cube.reset(using: &random)
      if episode % 4 != 0 { cube.stickers = try self.cube(after: []).stickers }
    }
    #expect(cube.depth == 1)
  }

  @Test func `depths that contradict each other are refused`() {
    #expect(throws: InvalidEnvironmentArguments.self) {
      try EnvironmentConfiguration("Cube2x2-v0", arguments: "depth=4,max-depth=3")
        .makeBatch(streams: [PCG64(seed: 0)])
    }
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `a step needs no memory`() async {
    await #expect(processExitsWith: .success) {
      let stage = Stage(
        try EnvironmentConfiguration("Cube2x2-v0", arguments: "depth=2,max-depth=9")
          .makeBatch(streams: [PCG64(seed: 0), PCG64(seed: 1)]),
        stepCount: 50)
      try stage.reset()
      stage.fillActions()
      try stage.play()
      let fragment = stage.fragment
      Exhaustion.exhaustMemory()
      for round in 0..<100 { try stage.play(fragment, sticky: round % 2 == 1) }
      _exit(0)
    }
  }
}
