/// A 2×2×2 cube, scrambled by quarter turns, to be solved by quarter turns.
///
/// The observation has 192 numbers. The first 144 are a one-hot encoding of the color (six values)
/// of each of the 24 stickers. The other 48 are a one-hot encoding of the last four actions (twelve
/// values), the latest at the end; actions before the episode are zeros. The reward of a step is
/// −1, except for the step that solves the cube: 0. Solving the cube ends the episode. A cube is
/// solved if every face has one color, in any orientation.
///
/// If `maximumDepth` exceeds `depth`, each environment deepens its scrambles by itself. When the
/// share of solved episodes among its latest 64 at one depth reaches the threshold, scrambles get
/// one more turn and the count restarts. Only the environment's stream is drawn from, so one random
/// seed gives one curriculum.
public struct Cube2x2: Environment {
  /// The color of the sticker at each place, in the order of `CubeTurns`.
  ///
  /// Color i is the color of face i of a solved cube.
  public var stickers: InlineArray<24, UInt8>
  /// The number of turns that scramble the cube at the next reset.
  package private(set) var depth: Int
  /// The depth at which scrambles stop growing.
  package let maximumDepth: Int
  /// The share of solved episodes at which scrambles get deeper.
  package let threshold: Double

  /// The last four actions, oldest first; 12 for none.
  private var history: SIMD4<UInt8> = Self.noHistory
  /// True if an episode has begun; its outcome is counted at the next reset.
  private var isPlaying = false
  /// The outcomes of the latest episodes, one bit each, the latest in the lowest bit.
  private var outcomes: UInt64 = 0
  private var outcomeCount = 0

  private static let noHistory = SIMD4<UInt8>(repeating: 12)

  /// The number of episodes over which the share of solved ones is computed.
  package static let window = 64

  /// Creates a solved cube; `reset` begins an episode.
  ///
  /// - Parameters:
  ///   - depth: the initial number of scrambling turns.
  ///   - maximumDepth: the largest number of scrambling turns; `nil` for the initial number.
  ///   - threshold: the share of solved episodes at which scrambles get deeper.
  /// - Throws: `InvalidEnvironmentArguments` if the depth is not positive or exceeds its maximum.
  public init(
    depth: Int = 1, maximumDepth: Int? = nil, threshold: Double = 0.9
  ) throws(InvalidEnvironmentArguments) {
    let maximumDepth = maximumDepth ?? depth
    guard depth > 0 && depth <= maximumDepth else {
      throw InvalidEnvironmentArguments(
        """
        depth=\(depth) is not between 1 and max-depth=\(maximumDepth): use a larger max-depth, or \
        max-depth=0 for a constant depth.
        """)
    }
    self.depth = depth
    self.maximumDepth = maximumDepth
    self.threshold = threshold
    stickers = Self.solved
  }

  /// A Box of 192 numbers, 0 or 1.
  public var observationSpace: Space { .box(shape: [192], low: 0, high: 1) }
  /// The turns of `CubeTurns.names`.
  public var actionSpace: Space { .discrete(12) }
  /// The turns of `CubeTurns.names`.
  public static var actionNames: [String] { CubeTurns.names }

  /// Stickers and last actions, one-hot.
  public var observation: InlineArray<192, Float> {
    var numbers = InlineArray<192, Float>(repeating: 0)
    for place in 0..<24 { numbers[place &* 6 &+ Int(stickers[place])] = 1 }
    for index in 0..<4 where history[index] < 12 {
      numbers[144 &+ index &* 12 &+ Int(history[index])] = 1
    }
    return numbers
  }

  /// The information `is_success`: true if the step solved the cube.
  public var informationSpace: Space {
    .dict([SpaceField("is_success", .box(shape: [], low: 0, high: 1, elementType: .bool))])
  }
  /// True if the cube is solved.
  public var information: Bool { isSolved }

  /// True if every face has one color.
  package var isSolved: Bool {
    for face in 0..<6 {
      let first = stickers[face &* 4]
      for place in 1..<4 where stickers[face &* 4 &+ place] != first { return false }
    }
    return true
  }

  /// Scrambles a solved cube by `depth` uniformly random turns.
  ///
  /// The scramble is repeated if it leaves the cube solved.
  public mutating func reset(using random: inout PCG64) {
    if isPlaying { count(isSolved) }
    isPlaying = true
    history = Self.noHistory
    repeat {
      stickers = Self.solved
      for _ in 0..<depth { turn(random.integer(below: 12)) }
    } while isSolved
  }

  /// Makes one of the turns of `CubeTurns.names`.
  ///
  /// - Precondition: the action is in 0 ..< 12.
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    precondition(action >= 0 && action < 12, "Cube2x2 has the actions 0 to 11, not \(action)")
    turn(action)
    history = [history.y, history.z, history.w, UInt8(action)]
    let isSolved = isSolved
    return StepOutcome(reward: isSolved ? 0 : -1, terminated: isSolved)
  }

  /// Turns the cube outside of an episode: the action does not enter the history.
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

  /// The parameters for `--env-args`.
  static let parameters: [EnvironmentParameter] = [
    .integer("depth", default: 1, in: 1...1000, "Number of turns that scramble the cube at first."),
    .integer(
      "max-depth", default: 0, in: 0...1000,
      "Number of turns up to which depth grows by one at a time; 0 for a constant depth."),
    .number(
      "threshold", default: 0.9, in: 0...1,
      "Share of solved episodes, of an environment's latest 64, that increases its depth."),
  ]

  init(_ arguments: EnvironmentArguments) throws {
    let maximumDepth = arguments.integer("max-depth")
    try self.init(
      depth: arguments.integer("depth"), maximumDepth: maximumDepth == 0 ? nil : maximumDepth,
      threshold: arguments.number("threshold"))
  }
}

extension Cube2x2 {
  /// Returns true if stickers, memory and curriculum suit a cube with these parameters.
  public func isPossible(for fresh: Cube2x2) -> Bool {
    let flag = byte(of: isPlaying)
    return stickers.indices.allSatisfy { stickers[$0] < 6 }
      && history.indices.allSatisfy { history[$0] <= 12 }
      && maximumDepth == fresh.maximumDepth && threshold == fresh.threshold
      && (fresh.depth...maximumDepth).contains(depth) && (0...Self.window).contains(outcomeCount)
      && flag < 2
  }
}
