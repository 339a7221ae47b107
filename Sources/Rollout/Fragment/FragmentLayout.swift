/// The fields of a fragment, without its numbers of steps and environments.
public struct FragmentContents: Sendable {
  /// The spaces of the environment.
  public var spaces: EnvironmentSpaces
  /// The actor's outputs recorded at each row, per environment, such as `logits` and `value`.
  package var reaction: Nested<LeafSpecification>
  /// The actor's outputs recorded for final observations of truncated episodes, per environment.
  ///
  /// For example `value`; empty if nothing is recorded.
  package var finalReaction: Nested<LeafSpecification>
  /// The actor's recurrent state, per environment; empty if it has none.
  package var recurrentState: Nested<LeafSpecification>
  /// True if an environment may wait at its reset state until the fragment ends (`sticky`).
  public var mayWait: Bool
  /// The learner's estimates of each step, made once for a batch; empty but in its minibatches.
  package var estimates = Nested<LeafSpecification>.empty

  /// Creates a description of the fields.
  package init(
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

/// The places of all fields in a fragment, and the only computation of fragment sizes.
///
/// Learner and workers derive the same layout from the same contents. The table of fields is in
/// `docs/fragment.md`.
public final class FragmentLayout: Sendable {
  /// T, the number of steps.
  public let stepCount: Int
  /// B, the number of environments side by side.
  public let environmentCount: Int
  /// The fields of the fragment.
  public let contents: FragmentContents

  /// Steps since the episode began, int32 [1+T, B].
  package let stepno: Column
  /// Reward received on arrival, float32 [1+T, B].
  package let rew: Column
  /// Set if an episode ended on arrival, bool [1+T, B].
  package let fin: Column
  /// Observations [1+T, B, …].
  public let obs: Nested<Column>
  /// The actions that led here [1+T, B, …].
  public let act: Nested<Column>
  /// The actor's outputs [1+T, B, …].
  package let actor: Nested<Column>
  /// Set if the task terminated the episode on the step, bool [T, B].
  package let terminated: Column
  /// Set if a limit truncated the episode on the step, bool [T, B].
  package let truncated: Column
  /// Final observations, which a reset overwrote in `obs` [T, B, …].
  public let finalObs: Nested<Column>
  /// The actor's outputs for the final observations of truncated episodes [T, B, …].
  package let finalReaction: Nested<Column>
  /// The actor's recurrent state before row 0 [1, B, …].
  public let hx: Nested<Column>
  /// The environment's information about the step [T, B, …], by name; empty if there is none.
  package let info: Nested<Column>
  /// The learner's estimates [T, B, …], by name; empty but in a minibatch.
  package let estimates: Nested<Column>

  /// The size of a fragment in bytes, a multiple of 64, or of 8 if it is packed.
  @usableFromInline
  package let byteCount: Int
  /// True without a header and with columns aligned to 8 bytes in place of 64.
  package let isPacked: Bool
  /// The columns of a state row; row T of one fragment becomes row 0 of the next.
  package let stateColumns: [Column]
  /// All columns, by ascending offset.
  package let columns: [Column]
  /// The indices of the columns of `obs`.
  package let obsPlaces: Range<Int>
  /// The indices of the columns of `act`.
  package let actPlaces: Range<Int>
  /// The indices of the columns of `finalObs`.
  package let finalObsPlaces: Range<Int>
  /// The indices of the columns of `info`.
  package let infoPlaces: Range<Int>

  /// Lays out a fragment of T steps of B environments.
  ///
  /// - Precondition: `stepCount` ≥ 0 (0 gives a single state row) and `environmentCount` ≥ 1.
  public convenience init(stepCount: Int, environmentCount: Int, contents: FragmentContents) {
    self.init(
      stepCount: stepCount, environmentCount: environmentCount, contents: contents, isPacked: false)
  }

  private init(
    stepCount: Int, environmentCount: Int, contents: FragmentContents, isPacked: Bool
  ) {
    precondition(
      stepCount >= 0 && environmentCount >= 1, "a fragment without steps or environments")
    // A cache line and the widest vector have 64 bytes, the largest number has 8.
    let alignment = isPacked ? 8 : 64
    var end = isPacked ? 0 : FragmentHeader.byteCount
    var all: [Column] = []
    func place(_ leaf: LeafSpecification, _ rows: Int) -> Column {
      let column = Column(
        offset: end, rowCount: rows, environmentCount: environmentCount,
        elementCount: leaf.elementCount, environmentStride: leaf.byteCount)
      all.append(column)
      end = aligned(end + column.byteCount, to: alignment)
      return column
    }
    let rows = 1 + stepCount
    self.stepCount = stepCount
    self.environmentCount = environmentCount
    self.contents = contents
    self.isPacked = isPacked
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
    let infoStart = all.count
    info = contents.spaces.information.leaves.map { place($0, stepCount) }
    infoPlaces = infoStart..<all.count
    // Behind all columns that a minibatch shares with its batch.
    estimates = contents.estimates.map { place($0, stepCount) }
    byteCount = end
    columns = all
  }

  /// Returns the layout of `count` such fragments side by side along the environment axis.
  package func batched(_ count: Int) -> FragmentLayout {
    FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount * count, contents: contents)
  }

  /// The layout of a single state row, the data carried from one fragment to the next.
  package var singleRow: FragmentLayout {
    FragmentLayout(stepCount: 0, environmentCount: environmentCount, contents: contents)
  }
}

/// Rounds up to a multiple of a power of two, by default that of a cache line.
func aligned(_ byteCount: Int, to alignment: Int = 64) -> Int {
  (byteCount + alignment - 1) & ~(alignment - 1)
}

extension FragmentLayout {
  /// Returns the layout with the same steps and fields for another number of environments.
  package func resized(environmentCount: Int) -> FragmentLayout {
    FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount, contents: contents)
  }

  /// The layout of the same fields in less memory, for fragments that are kept for long.
  ///
  /// With few environments and steps, most of a fragment is header and alignment.
  package var packed: FragmentLayout {
    FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount, contents: contents, isPacked: true)
  }
}
