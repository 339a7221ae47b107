/// Several environments of one kind that step together, writing straight into a fragment.
///
/// This is the seam where the engine meets environments: one dynamic call per batch step.
/// `NativeEnvironmentBatch` makes a batch of any `Environment`; an environment that can step many
/// copies at once may conform by itself. Where the registry made it, it is handed actions within a Box's
/// bounds, and an `action_mask` that allows nothing is a fault, without its own doing.
public protocol EnvironmentBatch: AnyObject {
  /// B, how many environments there are.
  var count: Int { get }
  /// What they emit and accept.
  var spaces: EnvironmentSpaces { get }

  /// Begins an episode in every environment and writes the state of one row: `obs`, action 0,
  /// reward 0, `fin` set.
  ///
  /// - Throws: as `step` does.
  func reset(into fragment: FragmentView, row: Int) throws

  /// Plays the actions that lie in row t+1 and writes the rest of that row and the row t of what
  /// the step told.
  ///
  /// The actions stay in row t+1 as they were drawn, also where a Box's bounds clip what is played: a
  /// batch leaves them as they are, and whoever clips them for it puts back what was drawn.
  ///
  /// An environment whose episode ended is reset at once: its last observation goes to
  /// `finalObs[t]`, the first of the next episode to `obs[t+1]`. With `sticky`, an environment that
  /// has `fin` set at row t > 0 is left alone and its state repeated.
  ///
  /// - Throws: `EnvironmentFault` with the environment that failed, or that has an `action_mask` which
  ///   allows nothing.
  func step(_ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker) throws

  /// This batch, where some of its environments can step while a policy reacts to the others; `nil` by
  /// default.
  var overlapping: (any OverlappingBatch)? { get }

  /// Draws the state that one environment is in; `nil` when it does not draw.
  ///
  /// The default draws nothing. After a step that ended an episode this is the next episode's first
  /// state.
  ///
  /// - Throws: what makes drawing impossible for an environment that draws.
  func picture(of index: Int) throws -> Picture?

  /// Draws the state that one environment's last episode ended in, which a reset has overwritten.
  ///
  /// `nil` when the environment does not draw, or had not yet been asked for a picture when that
  /// episode ended: nothing is drawn where nobody looks. The default keeps nothing.
  ///
  /// - Throws: as `picture(of:)` does.
  func finalPicture(of index: Int) throws -> Picture?

  /// How many lives the player of one environment has left, 0 before the first episode; `nil`, as by
  /// default, where the environment does not say.
  func lives(of index: Int) -> Int?

  /// Whether `restart` is there; `false` by default.
  var restartsSingly: Bool { get }

  /// Begins an episode in one environment, whatever its state, and writes its first observation and
  /// step number 0 to a row, in which all others' states lie already. The rest of the row stays.
  ///
  /// Called by wrappers that cut episodes off, and only where `restartsSingly`.
  ///
  /// - Throws: as `step` does.
  func restart(_ index: Int, into fragment: FragmentView, row: Int) throws

  /// Whether `transfer` is there, so that a run can go on in the middle of episodes; `false` by default.
  var canSnapshot: Bool { get }

  /// Measures, saves or restores all that the next steps depend on: states, random streams.
  ///
  /// Called only where `canSnapshot`, between steps; restored in a batch that has just been made, in place of `reset`. It
  /// comes to the same size every time and allocates nothing.
  func transfer(_ snapshot: inout SnapshotCursor)
}

extension EnvironmentBatch {
  /// There are no snapshots, unless a batch says otherwise.
  public var canSnapshot: Bool { false }

  /// Ends the program: nobody may call this where `canSnapshot` is false.
  public func transfer(_ snapshot: inout SnapshotCursor) {
    fatalError("\(Self.self) has no snapshots")
  }

  /// Nothing is said of lives.
  public func lives(of index: Int) -> Int? { nil }

  /// A batch can only be reset as a whole, unless it says otherwise.
  public var restartsSingly: Bool { false }

  /// Ends the program: nobody may call this where `restartsSingly` is false.
  public func restart(_ index: Int, into fragment: FragmentView, row: Int) throws {
    fatalError("\(Self.self) cannot restart a single environment")
  }

  /// Refuses a fragment of another size or of other spaces.
  func checkFits(_ layout: FragmentLayout) {
    precondition(
      layout.environmentCount == count,
      "a fragment of \(layout.environmentCount) environments for a batch of \(count)")
    precondition(
      layout.contents.spaces == spaces,
      "a fragment of \(layout.contents.spaces) for environments of \(spaces)")
  }

  /// Refuses a row that a fragment does not have.
  func checkRow(_ row: Int, of layout: FragmentLayout) {
    precondition(
      row >= 0 && row <= layout.stepCount,
      "row \(row) of a fragment of \(layout.stepCount) steps")
  }

  /// Refuses a step that a fragment does not have.
  func checkStep(_ t: Int, of layout: FragmentLayout) {
    precondition(
      t >= 0 && t < layout.stepCount, "step \(t) of a fragment of \(layout.stepCount) steps")
  }
}

/// A batch that is costly to make and can begin anew with other random streams instead.
public protocol RestartableBatch: EnvironmentBatch {
  /// Makes the next `reset` begin as that of a new batch with these streams would.
  ///
  /// - Precondition: there is one stream for each environment.
  func restart(streams: [PCG64])
}

/// An environment could not go on.
public struct EnvironmentFault: Error, CustomStringConvertible {
  /// Its index in the batch.
  public var environment: Int
  /// How many steps its episode had.
  public var step: Int
  /// What it threw.
  public var cause: any Error

  /// Names the environment that failed.
  public init(environment: Int, step: Int, cause: any Error) {
    self.environment = environment
    self.step = step
    self.cause = cause
  }

  /// One sentence with the environment's own error.
  public var description: String {
    "environment \(environment) failed at step \(step) of its episode: \(cause)"
  }
}
