import Foundation

/// A number that may change in the course of a run: a learning rate, an entropy coefficient, an ε.
///
/// ```swift
/// let constant: Schedule = 0.005
/// let falling = Schedule.linear(from: 0.005, to: 0)   // over the whole run
/// falling.value(at: 1_000_000, of: 4_000_000)         // 0.00375
/// ```
///
/// With p the fraction of the steps that have passed, 0 … 1, and a, b the first and last value:
///
///     linear         a + (b − a) p
///     cosine         b + (a − b) (1 + cos πp) / 2
///     exponential    a (b / a)ᵖ
///
/// Steps are environment steps learned from. After the last step the value stays at b.
public enum Schedule: Sendable, Equatable, Encodable {
  /// A constant value.
  case constant(Double)
  /// A curve between two values over a number of steps; nil for the whole run.
  case changing(Curve, from: Double, to: Double, steps: Int?)

  /// The shape of a schedule between its first and last value.
  public enum Curve: String, Encodable, Sendable, CaseIterable {
    /// Equal differences per step.
    case linear
    /// Half a cosine: slow at both ends.
    case cosine
    /// Equal ratios per step; both values must be positive.
    case exponential
  }

  /// Returns a schedule that follows a straight line.
  public static func linear(from: Double, to: Double, steps: Int? = nil) -> Schedule {
    .changing(.linear, from: from, to: to, steps: steps)
  }

  /// Returns a schedule that follows half a cosine.
  public static func cosine(from: Double, to: Double, steps: Int? = nil) -> Schedule {
    .changing(.cosine, from: from, to: to, steps: steps)
  }

  /// Returns a schedule with equal ratios per step.
  ///
  /// - Precondition: both values are positive.
  public static func exponential(from: Double, to: Double, steps: Int? = nil) -> Schedule {
    precondition(from > 0 && to > 0, "an exponential from \(from) to \(to)")
    return .changing(.exponential, from: from, to: to, steps: steps)
  }

  /// Returns the value after some steps.
  ///
  /// - Parameters:
  ///   - step: the environment steps learned from so far.
  ///   - totalSteps: the environment steps of the whole run. Constants, and schedules with their
  ///     own number of steps, ignore it.
  /// - Precondition: the schedule covers at least one step.
  public func value(at step: Int, of totalSteps: Int) -> Double {
    guard case .changing(let curve, let from, let to, let steps) = self else { return first }
    let total = steps ?? totalSteps
    precondition(
      total > 0, "a schedule over \(total) steps: give the schedule's own steps or the run's total")
    if step >= total { return to }
    let part = Double(max(step, 0)) / Double(total)
    return switch curve {
    case .linear: from + (to - from) * part
    case .cosine: to + (from - to) * (1 + cos(.pi * part)) / 2
    case .exponential: from * pow(to / from, part)
    }
  }

  /// The value at the beginning.
  public var first: Double {
    switch self {
    case .constant(let value), .changing(_, let value, _, _): value
    }
  }

  /// The value at the end.
  package var last: Double {
    switch self {
    case .constant(let value), .changing(_, _, let value, _): value
    }
  }

  /// The largest value; every curve attains it at one of its ends.
  package var largest: Double { max(first, last) }

  /// The smallest value.
  package var smallest: Double { min(first, last) }

  /// True if both ends are finite.
  package var isFinite: Bool { first.isFinite && last.isFinite }

  /// True if the value never changes.
  package var isConstant: Bool { if case .constant = self { true } else { false } }
}

extension Schedule: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// Creates a constant schedule.
  public init(floatLiteral value: Double) { self = .constant(value) }

  /// Creates a constant schedule.
  public init(integerLiteral value: Int) { self = .constant(Double(value)) }
}
