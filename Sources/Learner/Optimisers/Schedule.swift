import Foundation

/// A number that may change in the course of a run: a learning rate, what entropy is worth, an ε.
///
///     let rate: Schedule = 0.005                       // constant
///     let rate = Schedule.linear(from: 0.005, to: 0)   // over all of the run
///     rate.value(at: 1_000_000, of: 4_000_000)         // 0.00375
///
/// With p the part of the steps that is over, 0 … 1, and a, b the two ends:
///
///     linear         a + (b − a) p
///     cosine         b + (a − b) (1 + cos πp) / 2
///     exponential    a (b / a)ᵖ
///
/// Steps are environment steps learnt from. Once they are over the value stays at b.
public enum Schedule: Sendable, Equatable {
  /// Always that number.
  case constant(Double)
  /// Along a curve from one number to another, over that many steps, or over all of the run.
  case changing(Curve, from: Double, to: Double, steps: Int?)

  /// How a number gets from one end to the other.
  public enum Curve: String, Sendable, CaseIterable {
    /// By equal differences.
    case linear
    /// Slowly at both ends: half a cosine.
    case cosine
    /// By equal ratios; neither end may be 0.
    case exponential
  }

  /// Along a straight line.
  public static func linear(from: Double, to: Double, steps: Int? = nil) -> Schedule {
    .changing(.linear, from: from, to: to, steps: steps)
  }

  /// Along half a cosine.
  public static func cosine(from: Double, to: Double, steps: Int? = nil) -> Schedule {
    .changing(.cosine, from: from, to: to, steps: steps)
  }

  /// By equal ratios.
  ///
  /// - Precondition: both ends are positive.
  public static func exponential(from: Double, to: Double, steps: Int? = nil) -> Schedule {
    precondition(from > 0 && to > 0, "an exponential from \(from) to \(to)")
    return .changing(.exponential, from: from, to: to, steps: steps)
  }

  /// The value after some steps.
  ///
  /// - Parameters:
  ///   - step: environment steps learnt from.
  ///   - totalSteps: those of the whole run; of no matter to a constant, or to a schedule with steps of its own.
  /// - Precondition: what the schedule goes over is at least one step.
  public func value(at step: Int, of totalSteps: Int) -> Double {
    guard case .changing(let curve, let from, let to, let steps) = self else { return first }
    let total = steps ?? totalSteps
    precondition(
      total > 0, "a schedule over \(total) steps: give it steps of its own, or say the run's total")
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
  public var last: Double {
    switch self {
    case .constant(let value), .changing(_, _, let value, _): value
    }
  }

  /// The largest value; every curve has it at one of its ends.
  public var largest: Double { max(first, last) }

  /// The smallest value.
  public var smallest: Double { min(first, last) }

  /// Whether both ends are finite.
  public var isFinite: Bool { first.isFinite && last.isFinite }

  /// Whether it never changes.
  public var isConstant: Bool { if case .constant = self { true } else { false } }
}

extension Schedule: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// A constant.
  public init(floatLiteral value: Double) { self = .constant(value) }

  /// A constant.
  public init(integerLiteral value: Int) { self = .constant(Double(value)) }
}
