/// Several environments of one kind that step together and write directly into a fragment.
///
/// The engine reaches environments through this protocol, with one dynamic call per batch step.
/// `NativeEnvironmentBatch` makes a batch of any `Environment`. A custom environment that can step
/// many copies at once may conform itself. The registry wraps such a batch: it receives Box actions
/// within their bounds, and an `action_mask` that allows no action is a fault.
public protocol EnvironmentBatch: AnyObject {
  /// B, the number of environments.
  var count: Int { get }
  /// The observation and action spaces.
  var spaces: EnvironmentSpaces { get }

  /// Begins an episode in every environment and writes the state of one row.
  ///
  /// The row contains the first observations, step number 0, action 0, reward 0 and `fin` set.
  ///
  /// - Throws: as `step` does.
  func reset(into fragment: FragmentView, row: Int) throws

  /// Plays the actions in row t+1, and writes the rest of that row and the step's results in row t.
  ///
  /// The actions in row t+1 keep their drawn values, even if the played values are clipped to a
  /// Box's bounds. A batch does not change them. A caller that clips them in place restores the
  /// drawn values after the step.
  ///
  /// An environment is reset as soon as its episode ends: the final observation is written to
  /// `finalObs[t]`, and the first observation of the next episode to `obs[t+1]`. If `sticky` is
  /// true, an environment with `fin` set in row t > 0 does not step and its state is repeated.
  ///
  /// - Throws: `EnvironmentFault` with the environment that failed, or whose `action_mask` allows
  ///   no action.
  func step(_ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker) throws

  /// This batch, if some environments can step while a policy reacts to others; otherwise `nil`.
  ///
  /// The default is `nil`.
  var overlapping: (any OverlappingBatch)? { get }

  /// Draws the current state of one environment; `nil` if it does not draw.
  ///
  /// After a step that ended an episode, this is the first state of the next episode. The default
  /// draws nothing.
  ///
  /// - Throws: an error if an environment that draws cannot be drawn.
  func picture(of index: Int) throws -> Picture?

  /// Returns a picture of the final state of one environment's last episode.
  ///
  /// It is `nil` if the environment does not draw. It may be `nil` if no picture of the environment
  /// had been requested before that episode ended. The default keeps no pictures.
  ///
  /// - Throws: as `picture(of:)` does.
  func finalPicture(of index: Int) throws -> Picture?

  /// Returns the number of lives left in one environment, 0 before the first episode.
  ///
  /// It is `nil` if the environment has no lives, which is the default.
  func lives(of index: Int) -> Int?

  /// True if `restart` is available; `false` by default.
  var restartsSingly: Bool { get }

  /// Begins an episode in one environment and writes its first observation to a row.
  ///
  /// The step number in the row becomes 0. The rest of the row, including the states of all other
  /// environments, has been written before and stays unchanged. Wrappers that truncate episodes
  /// call this, only if `restartsSingly` is true.
  ///
  /// - Throws: as `step` does.
  func restart(_ index: Int, into fragment: FragmentView, row: Int) throws

  /// True if `transfer` is available; `false` by default.
  ///
  /// A run with snapshots can resume in the middle of episodes.
  var canSnapshot: Bool { get }

  /// Measures, saves or restores everything that the next steps depend on: states, random streams.
  ///
  /// It is called only if `canSnapshot` is true, and only between steps. A newly made batch is
  /// restored instead of being reset. The size is the same in every call, and nothing is allocated.
  func transfer(_ snapshot: inout SnapshotCursor)
}

extension EnvironmentBatch {
  /// False: by default there are no snapshots.
  public var canSnapshot: Bool { false }

  /// Ends the program, because `canSnapshot` is false.
  public func transfer(_ snapshot: inout SnapshotCursor) {
    fatalError("\(Self.self) has no snapshots")
  }

  /// Returns nil: by default there are no lives.
  public func lives(of index: Int) -> Int? { nil }

  /// False: by default only the whole batch can be reset.
  public var restartsSingly: Bool { false }

  /// Ends the program, because `restartsSingly` is false.
  public func restart(_ index: Int, into fragment: FragmentView, row: Int) throws {
    fatalError("\(Self.self) cannot restart a single environment")
  }

  /// Ends the program if a fragment's size or spaces differ from those of the batch.
  func checkFits(_ layout: FragmentLayout) {
    precondition(
      layout.environmentCount == count,
      "a fragment of \(layout.environmentCount) environments for a batch of \(count)")
    precondition(
      layout.contents.spaces == spaces,
      "a fragment of \(layout.contents.spaces) for environments of \(spaces)")
  }

  /// Ends the program if a fragment does not have a row.
  func checkRow(_ row: Int, of layout: FragmentLayout) {
    precondition(
      row >= 0 && row <= layout.stepCount,
      "row \(row) of a fragment of \(layout.stepCount) steps")
  }

  /// Ends the program if a fragment does not have a step.
  func checkStep(_ t: Int, of layout: FragmentLayout) {
    precondition(
      t >= 0 && t < layout.stepCount, "step \(t) of a fragment of \(layout.stepCount) steps")
  }
}

/// A batch that is costly to make, and that can restart with new random streams instead.
public protocol RestartableBatch: EnvironmentBatch {
  /// Makes the next `reset` behave like that of a new batch with these streams.
  ///
  /// - Precondition: there is one stream for each environment.
  func restart(streams: [PCG64])
}

/// An error of an environment that cannot continue.
public struct EnvironmentFault: Error, CustomStringConvertible {
  /// The environment's index in the batch.
  public var environment: Int
  /// The number of steps that its episode had before the error.
  public var step: Int
  /// The environment's error.
  public var cause: any Error

  /// Creates a fault.
  public init(environment: Int, step: Int, cause: any Error) {
    self.environment = environment
    self.step = step
    self.cause = cause
  }

  /// One sentence with the environment's error.
  public var description: String {
    "environment \(environment) failed at step \(step) of its episode: \(cause)"
  }
}
