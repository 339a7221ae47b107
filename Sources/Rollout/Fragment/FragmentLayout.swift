/// What a fragment records of a run, apart from its size.
public struct FragmentContents: Sendable {
  /// What environments emit and accept.
  public var spaces: EnvironmentSpaces
  /// What the actor says at each row, per environment, such as `logits` and `value`.
  public var reaction: Nested<LeafSpecification>
  /// What the actor says to an observation at which a limit cut an episode, per environment, such as `value`; empty when
  /// nothing is recorded of it.
  public var finalReaction: Nested<LeafSpecification>
  /// The actor's recurrent state, per environment; empty when it has none.
  public var recurrentState: Nested<LeafSpecification>
  /// Whether an environment may wait at its reset state until the fragment ends (`sticky`).
  public var mayWait: Bool

  /// Describes what is recorded.
  public init(
    spaces: EnvironmentSpaces, reaction: Nested<LeafSpecification>,
    finalReaction: Nested<LeafSpecification> = .empty,
    recurrentState: Nested<LeafSpecification> = .empty, mayWait: Bool = false
  ) {
    self.spaces = spaces
    self.reaction = reaction
    self.finalReaction = finalReaction
    self.recurrentState = recurrentState
    self.mayWait = mayWait
  }
}

/// Where every field of a fragment lies: the only place that computes fragment sizes.
///
/// Both sides of a process boundary derive it from the same contents; `docs/fragment.md` has the table.
public final class FragmentLayout: Sendable {
  /// T, the steps of a fragment.
  public let stepCount: Int
  /// B, the environments side by side.
  public let environmentCount: Int
  /// What is recorded.
  public let contents: FragmentContents

  /// Steps since the episode began, int32 [1+T, B].
  public let stepno: Column
  /// Reward received on arriving, float32 [1+T, B].
  public let rew: Column
  /// Whether an episode ended on arriving, bool [1+T, B].
  public let fin: Column
  /// Observations [1+T, B, …].
  public let obs: Nested<Column>
  /// The actions that led here [1+T, B, …].
  public let act: Nested<Column>
  /// The actor's reactions [1+T, B, …].
  public let actor: Nested<Column>
  /// Whether the task ended the episode on the step, bool [T, B].
  public let terminated: Column
  /// Whether a limit cut the episode on the step, bool [T, B].
  public let truncated: Column
  /// The observation that a reset overwrote [T, B, …].
  public let finalObs: Nested<Column>
  /// The actor's reactions to those of them at which a limit cut the episode [T, B, …].
  public let finalReaction: Nested<Column>
  /// The actor's recurrent state before row 0 [1, B, …].
  public let hx: Nested<Column>

  /// Bytes of a fragment, a multiple of 64.
  public let byteCount: Int
  /// The columns that make up a state row: what one fragment's row T hands to the next one's row 0.
  public let stateColumns: [Column]
  /// All columns in the order in which they lie.
  public let columns: [Column]
  /// Which of the columns hold observations.
  package let obsPlaces: Range<Int>
  /// Which of the columns hold actions.
  package let actPlaces: Range<Int>
  /// Which of the columns hold observations that a reset overwrote.
  package let finalObsPlaces: Range<Int>

  /// Lays out a fragment of T steps of B environments.
  ///
  /// - Precondition: `stepCount` is at least 0 (0 gives a single state row) and `environmentCount` at least 1.
  public init(stepCount: Int, environmentCount: Int, contents: FragmentContents) {
    precondition(
      stepCount >= 0 && environmentCount >= 1, "a fragment without steps or environments")
    var end = FragmentHeader.byteCount
    var all: [Column] = []
    func place(_ leaf: LeafSpecification, _ rows: Int) -> Column {
      let column = Column(
        offset: end, rowCount: rows, environmentCount: environmentCount,
        elementCount: leaf.elementCount, environmentStride: leaf.byteCount)
      all.append(column)
      end = aligned(end + column.byteCount)
      return column
    }
    let rows = 1 + stepCount
    self.stepCount = stepCount
    self.environmentCount = environmentCount
    self.contents = contents
    stepno = place(.init(.int32, []), rows)
    let obsStart = all.count
    obs = contents.spaces.observation.leaves.map { place($0, rows) }
    let actStart = all.count
    act = contents.spaces.action.leaves.map { place($0, rows) }
    obsPlaces = obsStart..<actStart
    actPlaces = actStart..<all.count
    rew = place(.init(.float32, []), rows)
    fin = place(.init(.bool, []), rows)
    stateColumns = all
    actor = contents.reaction.map { place($0, rows) }
    terminated = place(.init(.bool, []), stepCount)
    truncated = place(.init(.bool, []), stepCount)
    let finalObsStart = all.count
    finalObs = contents.spaces.observation.leaves.map { place($0, stepCount) }
    finalObsPlaces = finalObsStart..<all.count
    finalReaction = contents.finalReaction.map { place($0, stepCount) }
    hx = contents.recurrentState.map { place($0, 1) }
    byteCount = end
    columns = all
  }

  /// The layout of `count` such fragments side by side along the environment axis.
  public func batched(_ count: Int) -> FragmentLayout {
    FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount * count, contents: contents)
  }

  /// The layout of a single state row: what is carried from one fragment to the next.
  public var singleRow: FragmentLayout {
    FragmentLayout(stepCount: 0, environmentCount: environmentCount, contents: contents)
  }
}

/// The next multiple of 64, a cache line and the widest vector.
func aligned(_ byteCount: Int) -> Int { (byteCount + 63) & ~63 }
