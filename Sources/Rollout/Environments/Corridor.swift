/// A corridor with a goal at one end: a task that any algorithm should learn at once.
///
/// The observation is the cell, from 0. An action to the right moves on and is rewarded by 1, one to
/// the left moves back and is rewarded by −1, also where the wall stops it. The episode ends at the
/// goal. What is right can be read off the rewards, so that the undiscounted return of going straight is
/// the goal's number, and going to and fro within the corridor costs time alone.
public struct Corridor: Environment {
  /// Cells in the corridor.
  public let size: Int
  /// The cell that ends an episode.
  public let goal: Int
  /// Where the actor is.
  public var state = 0

  /// Makes a corridor whose last cell is the goal, or another.
  ///
  /// - Parameter goal: the cell that ends an episode; `nil` for the last one.
  /// - Throws: `InvalidEnvironmentArguments` when the goal is not in the corridor.
  public init(size: Int = 5, goal: Int? = nil) throws(InvalidEnvironmentArguments) {
    let goal = goal ?? size - 1
    guard goal > 0 && goal < size else {
      throw InvalidEnvironmentArguments(
        "goal=\(goal) is outside of a corridor of size=\(size): use 1 to \(size - 1).")
    }
    self.size = size
    self.goal = goal
  }

  /// The cells.
  public var observationSpace: Space { .discrete(size) }
  /// Left or right.
  public var actionSpace: Space { .discrete(2) }

  /// The cell.
  @inlinable
  public var observation: Int { state }

  /// Begins in cell 0.
  @inlinable
  public mutating func reset(using random: inout PCG64) { state = 0 }

  /// Moves to the left with 0, to the right with 1.
  ///
  /// - Precondition: the action is 0 or 1.
  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    precondition(action == 0 || action == 1, "Corridor has the actions 0 and 1, not \(action)")
    state = action == 1 ? min(goal, state + 1) : max(0, state - 1)
    return StepOutcome(reward: action == 1 ? 1 : -1, terminated: state == goal)
  }

  /// What `--env-args` takes.
  static let parameters: [EnvironmentParameter] = [
    .integer("size", default: 5, in: 2...10_000, "Cells in the corridor."),
    .integer(
      "goal", default: 0, in: 0...9_999, "The cell that ends an episode; 0 for the last one."),
  ]

  init(_ arguments: EnvironmentArguments) throws {
    let goal = arguments.integer("goal")
    try self.init(size: arguments.integer("size"), goal: goal == 0 ? nil : goal)
  }
}
