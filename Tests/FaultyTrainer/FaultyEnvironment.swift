import Foundation
import Glibc
import Learner
import Rollout
import Worker

/// An environment with episodes of ten steps and a fault at a certain moment.
///
/// Faults occur in worker processes only, except those of evaluations. Processes receive nothing
/// but the environment's name, which therefore specifies everything. The fault of `ExitsInStep-v0`
/// occurs in the first process of each worker, that of `AlwaysExitsInStep-v0` in every process.
struct FaultyEnvironment: Environment {
  let observationSpace = Space.box(shape: [2], low: 0, high: 1)
  let actionSpace = Space.discrete(2)
  var observation: [Float] { [Float(stepCount % 2), poisons(.showsNothing) ? .nan : 1] }

  private let fault: Fault
  private let place: Place
  private let isPersistent: Bool
  private var stepCount = 0
  private var resetCount = 0
  private var closing: Closing?
  /// The number of the episode among those that this process evaluates, from 1.
  private var evaluatedEpisode = 0

  nonisolated(unsafe) private static var evaluatedEpisodeCount = 0

  /// The moment of a fault.
  enum Place: String, CaseIterable {
    /// In the first reset, before the worker's first fragment.
    case reset = "Reset"
    /// In the 38th step; with 25 steps per fragment, in the middle of the second.
    case step = "Step"
    /// In the 26th step; with 25 steps per fragment, the first is published and the second claimed.
    case nextFragment = "NextFragment"
    /// In the 300th step of the worker's first process, and in the first reset of all later ones.
    case decline = "Decline"
    /// In the first step of an evaluation process.
    case evaluation = "Evaluation"
    /// In the 38th step of the learner's own process, where that collects.
    case learner = "Learner"
    /// In the 7th step of the 6th episode that an evaluation process plays.
    case laterEvaluation = "LaterEvaluation"
    /// In the worker's first process, when its environments are released at the end.
    case closing = "Closing"
    /// Never.
    case nothing = "Nothing"
  }

  /// An object with a fault that occurs when the environment that holds it is released.
  private final class Closing {
    let fault: Fault

    init(_ fault: Fault) { self.fault = fault }

    deinit {
      do {
        try fault.strike()
      } catch {
        reportOnStandardError("\(error)")
      }
    }
  }

  /// Registers every fault at every moment, as a single and as a repeated one.
  static func registerAll() throws {
    for fault in Fault.allCases {
      for place in Place.allCases {
        for isPersistent in [false, true] {
          let name = "\(isPersistent ? "Always" : "")\(fault.rawValue)In\(place.rawValue)-v0"
          try EnvironmentRegistry.shared.register(name, maximumEpisodeSteps: 1000) {
            FaultyEnvironment(fault: fault, place: place, isPersistent: isPersistent)
          }
        }
      }
    }
  }

  private init(fault: Fault, place: Place, isPersistent: Bool) {
    self.fault = fault
    self.place = place
    self.isPersistent = isPersistent
    if place == .closing, isStruck { closing = Closing(fault) }
  }

  mutating func reset(using random: inout PCG64) throws {
    resetCount += 1
    if resetCount == 1, evaluation != nil {
      Self.evaluatedEpisodeCount += 1
      evaluatedEpisode = Self.evaluatedEpisodeCount
    }
    guard resetCount == 1, let worker else { return }
    let isDue = place == .reset ? isStruck : place == .decline && worker.incarnation > 0
    if isDue { try fault.strike() }
  }

  mutating func step(_ action: Int, using random: inout PCG64) throws -> StepOutcome {
    stepCount += 1
    switch (place, stepCount) {
    case (.step, 38), (.nextFragment, 26), (.decline, 300):
      if isStruck { try fault.strike() }
    case (.learner, 38):
      if worker == nil, evaluation == nil { try fault.strike() }
    case (.evaluation, 1):
      if isStruckEvaluating { try fault.strike() }
    case (.laterEvaluation, 7):
      if evaluatedEpisode == 6, isStruckEvaluating { try fault.strike() }
    default: break
    }
    var reward = poisons(.rewardsNothing) ? .nan : 1
    // The return differs between weights and between random streams.
    if place == .evaluation || place == .laterEvaluation {
      reward = Double(action) + Double(random.next() >> 40) / Double(1 << 24)
    }
    return StepOutcome(reward: reward, terminated: stepCount % 10 == 0)
  }

  /// Returns true if a number of this step has to be NaN.
  private func poisons(_ kind: Fault) -> Bool {
    guard fault == kind, place == .step, isStruck else { return false }
    return isPersistent ? stepCount >= 38 : stepCount == 38
  }

  private var worker: WorkerArguments? {
    WorkerArguments.own.flatMap { $0.work == .evaluations ? nil : $0 }
  }

  private var evaluation: WorkerArguments? {
    WorkerArguments.own.flatMap { $0.work == .evaluations ? $0 : nil }
  }

  private var isStruckEvaluating: Bool {
    evaluation.map { isPersistent || $0.incarnation == 0 } ?? false
  }

  private var isStruck: Bool {
    !Self.isSpared && worker.map { isPersistent || $0.incarnation == 0 } ?? false
  }

  /// True in the processes of a rank without faults, beside one with them.
  private static let isSpared = ProcessInfo.processInfo.environment["RLPLAY_TEST_SPARED"] == "1"
}
