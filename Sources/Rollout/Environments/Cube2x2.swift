/// A 2×2×2 cube, scrambled by some quarter turns, that is to be solved by quarter turns.
///
/// The observation has 192 numbers: for each of the 24 stickers a 1 in the place of its colour among six, then
/// for each of the last four actions, the latest at the end, a 1 in its place among twelve; zeros where
/// there were none. A step is rewarded by −1, the one that solves the cube by 0 and ends the episode.
/// Solved is when every face has one colour, whichever way the cube is held.
///
/// With `maximumDepth` above `depth` the scrambles grow deeper, each environment for itself: when the
/// share of solved episodes among its latest 64 at one depth reaches the threshold, its scrambles get one
/// turn more and the count begins anew. What is drawn comes from the environment's stream alone, so that
/// one seed gives one curriculum.
public struct Cube2x2: Environment {
  /// The colour of the sticker at each place, as ``CubeTurns`` orders them; colour i is the face i of
  /// a solved cube.
  public var stickers: InlineArray<24, UInt8>
  /// How many turns scramble the cube at the next reset.
  public private(set) var depth: Int
  /// The depth at which scrambles stop growing.
  public let maximumDepth: Int
  /// The share of solved episodes from which scrambles get deeper.
  public let threshold: Double

  /// The last four actions, oldest first; 12 for none.
  private var history: SIMD4<UInt8> = Self.noHistory
  /// Whether there is an episode whose outcome is to be counted at the next reset.
  private var isPlaying = false
  /// How the latest episodes went, one bit each, the last one lowest.
  private var outcomes: UInt64 = 0
  private var outcomeCount = 0

  private static let noHistory = SIMD4<UInt8>(repeating: 12)

  /// Episodes that the share of solved ones is taken over.
  public static let window = 64

  /// Makes a solved cube; an episode begins with `reset`.
  ///
  /// - Parameters:
  ///   - depth: how many turns scramble it at first.
  ///   - maximumDepth: how many may in the end; `nil` for no more than at first.
  ///   - threshold: the share of solved episodes from which scrambles get deeper.
  /// - Throws: `InvalidEnvironmentArguments` when the depth is not positive or above its maximum.
  public init(
    depth: Int = 1, maximumDepth: Int? = nil, threshold: Double = 0.9
  ) throws(InvalidEnvironmentArguments) {
    let maximumDepth = maximumDepth ?? depth
    guard depth > 0 && depth <= maximumDepth else {
      throw InvalidEnvironmentArguments(
        """
        depth=\(depth) does not lie within 1 and max-depth=\(maximumDepth): use a greater max-depth, or 0 \
        for scrambles that do not grow.
        """)
    }
    self.depth = depth
    self.maximumDepth = maximumDepth
    self.threshold = threshold
    stickers = Self.solved
  }

  /// 192 numbers that are 0 or 1.
  public var observationSpace: Space { .box(shape: [192], low: 0, high: 1) }
  /// The turns of ``CubeTurns/names``.
  public var actionSpace: Space { .discrete(12) }

  /// Stickers and last actions, one-hot.
  public var observation: InlineArray<192, Float> {
    var numbers = InlineArray<192, Float>(repeating: 0)
    for place in 0..<24 { numbers[place &* 6 &+ Int(stickers[place])] = 1 }
    for index in 0..<4 where history[index] < 12 {
      numbers[144 &+ index &* 12 &+ Int(history[index])] = 1
    }
    return numbers
  }

  /// Whether every face has one colour.
  public var isSolved: Bool {
    for face in 0..<6 {
      let first = stickers[face &* 4]
      for place in 1..<4 where stickers[face &* 4 &+ place] != first { return false }
    }
    return true
  }

  /// Scrambles a solved cube by `depth` turns, each of the twelve equally likely; again, where that
  /// leaves it solved.
  public mutating func reset(using random: inout PCG64) {
    if isPlaying { count(isSolved) }
    isPlaying = true
    history = Self.noHistory
    repeat {
      stickers = Self.solved
      for _ in 0..<depth { turn(random.integer(below: 12)) }
    } while isSolved
  }

  /// Makes one of the turns of ``CubeTurns/names``.
  ///
  /// - Precondition: the action is in 0 ..< 12.
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    precondition(action >= 0 && action < 12, "Cube2x2 has the actions 0 to 11, not \(action)")
    turn(action)
    history = [history.y, history.z, history.w, UInt8(action)]
    let isSolved = isSolved
    return StepOutcome(reward: isSolved ? 0 : -1, terminated: isSolved)
  }

  /// Turns the cube without playing: nothing is remembered of it.
  public mutating func turn(_ action: Int) {
    let old = stickers
    for place in 0..<24 { stickers[place] = old[Int(CubeTurns.sources[action][place])] }
  }

  private mutating func count(_ wasSolved: Bool) {
    guard depth < maximumDepth else { return }
    outcomes = outcomes << 1 | (wasSolved ? 1 : 0)
    outcomeCount = min(outcomeCount + 1, Self.window)
    guard outcomeCount == Self.window,
      Double(outcomes.nonzeroBitCount) >= threshold * Double(Self.window)
    else { return }
    depth += 1
    (outcomes, outcomeCount) = (0, 0)
  }

  private static var solved: InlineArray<24, UInt8> { InlineArray { UInt8($0 / 4) } }

  /// What `--env-args` takes.
  static let parameters: [EnvironmentParameter] = [
    .integer("depth", default: 1, in: 1...1000, "Turns that scramble the cube at first."),
    .integer(
      "max-depth", default: 0, in: 0...1000,
      "Turns that scramble it in the end, one more at a time; 0 for as many as at first."),
    .number(
      "threshold", default: 0.9, in: 0...1,
      "Share of solved episodes, of an environment's latest 64, from which it gets a turn more."),
  ]

  init(_ arguments: EnvironmentArguments) throws {
    let maximumDepth = arguments.integer("max-depth")
    try self.init(
      depth: arguments.integer("depth"), maximumDepth: maximumDepth == 0 ? nil : maximumDepth,
      threshold: arguments.number("threshold"))
  }
}
