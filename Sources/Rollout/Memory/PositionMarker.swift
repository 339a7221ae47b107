import Synchronization

/// A marker of the environment that a worker works on, readable by the learner.
///
/// Each environment step takes one relaxed atomic store, which the compiler does not move. The
/// worker writes. The learner reads at any time, even after the worker's death.
public struct PositionMarker: @unchecked Sendable {
  /// A marker that is never read, for loops outside of workers.
  public static let unread = PositionMarker(
    UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64).word(at: 0))

  @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt64>>

  package init(_ word: UnsafeMutablePointer<AtomicWord>) { self.word = word }

  /// The work on an environment.
  ///
  /// All cases but `stepping` are negative numbers, stored in place of the step.
  public enum Activity: Int32, Sendable, Equatable {
    /// The environment steps.
    case stepping = 0
    /// The program that makes environments is being started.
    case starting = -1
    /// The environment is being made.
    case making = -2
    /// The environment is being reset.
    case resetting = -3
    /// The environment is being closed.
    case closing = -4
  }

  /// Notes that an environment is about to step.
  ///
  /// - Parameters:
  ///   - environment: its index in the batch, less than 2³² − 1.
  ///   - step: the number of steps that its episode has had.
  @inlinable
  public func mark(environment: Int, step: Int32) {
    let place = (UInt64(truncatingIfNeeded: environment) &+ 1) << 32
    word.pointee.store(place | UInt64(UInt32(bitPattern: step)), ordering: .relaxed)
  }

  /// Notes that an environment is about to be made, reset or closed.
  @inlinable
  public func mark(_ activity: Activity, environment: Int) {
    mark(environment: environment, step: activity.rawValue)
  }

  /// Notes that no environment is at work.
  package func clear() { word.pointee.store(0, ordering: .relaxed) }

  /// The environment of a batch that a worker works on, and the kind of work.
  package struct Position: Sendable, Equatable {
    /// The environment's index within the batch.
    package let environment: Int
    /// Steps since its episode began; 0 unless it steps.
    package let step: Int
    /// The work.
    package let activity: Activity

    package init(environment: Int, step: Int) {
      self.environment = environment
      self.step = step
      activity = .stepping
    }

    package init(_ activity: Activity, environment: Int) {
      self.environment = environment
      self.activity = activity
      step = 0
    }

    /// The position in words, such as "in environment 0 at step 7 of its episode".
    package var phrase: String {
      switch activity {
      case .stepping: "in environment \(environment) at step \(step) of its episode"
      case .starting: "while starting the Python of its environments"
      case .making: "while making environment \(environment)"
      case .resetting: "while resetting environment \(environment)"
      case .closing: "while closing environment \(environment)"
      }
    }

    /// The work in words, for example in "it is still making environment 3".
    package var progress: String { activity == .stepping ? phrase : String(phrase.dropFirst(6)) }
  }

  /// The worker's position, or the last one before its death; `nil` outside of environments.
  package var position: Position? {
    let word = word.pointee.load(ordering: .relaxed)
    guard word != 0 else { return nil }
    let environment = Int(word >> 32) - 1
    let step = Int32(bitPattern: UInt32(truncatingIfNeeded: word))
    guard step < 0, let activity = Activity(rawValue: step) else {
      return Position(environment: environment, step: Int(step))
    }
    return Position(activity, environment: environment)
  }
}

/// A marker with the owner of its memory.
///
/// Batches hold it, because they use the marker until they are closed.
public struct OwnedPositionMarker: Sendable {
  /// A marker that is never read.
  public static let unread = OwnedPositionMarker(.unread, owner: nil)

  /// The marker, valid while this value lives.
  public let position: PositionMarker

  private let owner: (any AnyObject & Sendable)?

  /// Creates a marker that keeps the owner of its memory alive.
  package init(_ position: PositionMarker, owner: (any AnyObject & Sendable)?) {
    self.position = position
    self.owner = owner
  }
}
