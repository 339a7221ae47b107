/// A corridor with a goal at one end: a task that any algorithm should learn at once.
///
/// The observation is the cell, from 0. A step to the right has reward 1. A step to the left has
/// reward −1, also if the wall stops it. The episode ends at the goal. The rewards alone reveal the
/// right action. The undiscounted return of walking straight to the goal is the goal's number, and
/// walking back and forth only costs time.
public struct Corridor: Environment {
  /// The number of cells.
  @usableFromInline
  package let size: Int
  /// The cell that ends an episode.
  @usableFromInline
  package let goal: Int
  /// The actor's cell.
  public var state = 0

  /// Creates a corridor.
  ///
  /// - Parameters:
  ///   - size: the number of cells.
  ///   - goal: the cell that ends an episode; `nil` for the last one.
  /// - Throws: `InvalidEnvironmentArguments` if the goal is not in the corridor.
  public init(size: Int = 5, goal: Int? = nil) throws(InvalidEnvironmentArguments) {
    let goal = goal ?? size - 1
    guard goal > 0 && goal < size else {
      throw InvalidEnvironmentArguments(
        "goal=\(goal) is outside a corridor of size=\(size): use 1 to \(size - 1).")
    }
    self.size = size
    self.goal = goal
  }

  /// The cells, 0 ..< `size`.
  public var observationSpace: Space { .discrete(size) }
  /// Steps to the left and to the right.
  public var actionSpace: Space { .discrete(2) }
  /// The names of the steps.
  public static var actionNames: [String] { ["LEFT", "RIGHT"] }

  /// The actor's cell.
  @inlinable
  public var observation: Int { state }

  /// Starts in cell 0.
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

  /// The parameters for `--env-args`.
  static let parameters: [EnvironmentParameter] = [
    .integer("size", default: 5, in: 2...10_000, "Number of cells in the corridor."),
    .integer(
      "goal", default: 0, in: 0...9_999, "Cell that ends an episode; 0 for the last one."),
  ]

  init(_ arguments: EnvironmentArguments) throws {
    let goal = arguments.integer("goal")
    try self.init(size: arguments.integer("size"), goal: goal == 0 ? nil : goal)
  }
}

extension Corridor {
  /// Returns true if the corridor is the same and the agent stands in it.
  public func isPossible(for fresh: Corridor) -> Bool {
    size == fresh.size && goal == fresh.goal && (0...goal).contains(state)
  }
}
