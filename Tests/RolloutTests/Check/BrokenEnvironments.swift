import Rollout

/// An environment with at most one mistake.
struct Suspect: Environment {
  enum Mistake: CaseIterable {
    case none
    case observationBeyondBounds
    case notANumber
    case infiniteReward
    case throwsInStep
    case throwsInReset
    case forgetsItsSeed
    case ignoresChance
    case emptySpace
    case informationBeyondBounds, untoldInformation
  }

  struct Broken: Error {}

  var mistake: Mistake
  private var place: Float = 0
  private var steps = 0

  init(_ mistake: Mistake) { self.mistake = mistake }

  var observationSpace: Space {
    mistake == .emptySpace
      ? .box(shape: [2], low: 1, high: 0) : .box(shape: [2], low: -1, high: 1)
  }
  var actionSpace: Space { .discrete(3) }
  var informationSpace: Space { .dict([.init("place", .box(shape: [], low: -1, high: 1))]) }
  var information: Float {
    if mistake == .untoldInformation { return .nan }
    return mistake == .informationBeyondBounds && steps == 7 ? 3 : place
  }
  var observation: SIMD2<Float> {
    let isLate = steps == 11
    if mistake == .observationBeyondBounds, isLate { return [place, 1.25] }
    return [mistake == .notANumber && isLate ? .nan : place, 0]
  }

  mutating func reset(using random: inout PCG64) throws {
    if mistake == .throwsInReset, steps > 0 { throw Broken() }
    steps = 0
    place = chance(&random)
  }

  mutating func step(_ action: Int, using random: inout PCG64) throws -> StepOutcome {
    steps += 1
    if mistake == .throwsInStep, steps == 5 { throw Broken() }
    place = chance(&random)
    return StepOutcome(
      reward: mistake == .infiniteReward && steps == 9 ? .infinity : Double(action),
      terminated: steps == 20)
  }

  private func chance(_ random: inout PCG64) -> Float {
    switch mistake {
    case .ignoresChance: 0.5
    case .forgetsItsSeed:
      // The lowest byte is often that of the check's fillers, which are no sign of a gap.
      Float(
        bitPattern: Float.random(in: 0.5..<1).bitPattern & ~0xFF | (Bool.random() ? 0xA5 : 0x5A))
    default: Float(random.uniform(-1, 1))
    }
  }
}

/// A batch of sound environments with at most one mistake in its output.
final class Spoiler: EnvironmentBatch {
  enum Mistake: CaseIterable {
    case none
    case leavesRewardInReset, leavesFinInReset, setsStepnoInReset, leavesActionInReset
    case forgetsObservation, forgetsInformation
    case overwritesAction
    case forgetsFin, miscounts, endsBothWays
    case forgetsFinal, writesFinalAlways
    case ignoresLimit
    case otherCount, otherSpaces
  }

  private let base: any EnvironmentBatch
  private let mistake: Mistake

  init(_ streams: [PCG64], limit: Int?, _ mistake: Mistake) throws {
    let streams = mistake == .otherCount ? streams + streams : streams
    let single = try NativeEnvironmentBatch(streams: streams) { _ in Suspect(.none) }
    let limit = mistake == .ignoresLimit ? nil : limit
    base = try limit.map { try TimeLimitBatch(single, steps: $0) } ?? single
    self.mistake = mistake
  }

  var count: Int { base.count }
  var spaces: EnvironmentSpaces {
    var spaces = base.spaces
    if mistake == .otherSpaces { spaces.action = .discrete(4) }
    return spaces
  }

  func reset(into fragment: FragmentView, row: Int) throws {
    try base.reset(into: fragment, row: row)
    switch mistake {
    case .leavesRewardInReset: fragment.rew[row, 1] = 3
    case .leavesFinInReset: fragment.fin[row, 1] = false
    case .setsStepnoInReset: fragment.stepno[row, 1] = 1
    case .leavesActionInReset: fragment.act(as: Int32.self)[row, 1] = 2
    default: break
    }
  }

  func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    let final: ColumnView<Float> = fragment.column(fragment.layout.finalObs.value!)
    let before = (fragment.obs(as: Float.self)[t + 1, 1, 1], final[t, 1, 0])
    let told = fragment.info("place")
    let untold = told?[t, 1]
    try base.step(fragment, from: t, sticky: sticky, position: position)
    let isOver = fragment.fin[t + 1, 1]
    switch mistake {
    case .forgetsObservation: fragment.obs(as: Float.self)[t + 1, 1, 1] = before.0
    case .forgetsInformation: if let untold { told?[t, 1] = untold }
    case .overwritesAction: fragment.act(as: Int32.self)[t + 1, 1] ^= 1
    case .forgetsFin where isOver: fragment.fin[t + 1, 1] = false
    case .miscounts where !isOver: fragment.stepno[t + 1, 1] += 1
    case .endsBothWays where !isOver: fragment.truncated[t, 1] = true
    case .forgetsFinal where isOver: final[t, 1, 0] = before.1
    case .writesFinalAlways where !isOver: final[t, 1, 0] = 0
    default: break
    }
  }
}
