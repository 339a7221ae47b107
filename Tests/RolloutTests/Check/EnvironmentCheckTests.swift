import TestSupport
import Testing

@testable import Rollout

struct EnvironmentCheckTests {
  typealias Subject = EnvironmentCheckReport.Subject

  private func report(
    _ mistake: Suspect.Mistake, limit: Int? = 50, stepCount: Int = 200
  ) throws -> EnvironmentCheckReport {
    try EnvironmentCheck(stepCount: stepCount, seed: 4).run(
      RegisteredEnvironment(
        id: "Suspect-v0", summary: "", maximumEpisodeSteps: limit, make: { _ in Suspect(mistake) }))
  }

  private func report(_ mistake: Spoiler.Mistake) throws -> EnvironmentCheckReport {
    try EnvironmentCheck(stepCount: 200).run(
      RegisteredEnvironment(
        id: "Spoiler-v0", summary: "", maximumEpisodeSteps: 15,
        spaces: { _ in EnvironmentSpaces(of: Suspect(.none)) },
        makeBatch: { arguments, streams, _ in
          try Spoiler(streams, limit: arguments.maximumEpisodeSteps, mistake)
        }))
  }

  /// Returns the only fault in a report.
  private func onlyFault(_ report: EnvironmentCheckReport) throws -> (Subject, String) {
    let wrong = report.findings.compactMap { finding -> (Subject, String)? in
      if case .wrong(let text) = finding.verdict { (finding.subject, text) } else { nil }
    }
    #expect(wrong.count == 1 && !report.isSound, "\(report.findings)")
    return try #require(wrong.first)
  }

  @Test func `a sound environment has nothing wrong`() throws {
    for limit in [50, 3, nil] {
      let report = try report(.none, limit: limit)
      #expect(report.isSound, "\(report.findings)")
      #expect(report.findings.map(\.subject) == Subject.allCases)
      #expect(report.findings.allSatisfy { $0.verdict == .sound })
      // 2 × 200, and 2 × 35 with episodes truncated at 7.
      #expect(report.stepCount == 470)
      let lengths = min(limit ?? 20, 20)
      #expect(report.episodeCount == 2 * (200 / lengths) + 2 * 5)
      #expect((report.stepsPerSecond ?? 0) > 0)
    }
    #expect(try report(Spoiler.Mistake.none).isSound)
  }

  @Test func `what no episode has shown is not called sound`() throws {
    // Episodes of 20 steps, of which 15 are played.
    let report = try report(.none, limit: nil, stepCount: 15)
    #expect(report.isSound)
    for subject in [Subject.flags, .finals, .limit] {
      guard case .unseen(let reason) = report[subject] else {
        Issue.record("\(subject): \(report[subject])")
        continue
      }
      #expect(reason.hasPrefix("no episode ended within 15 steps"), "\(reason)")
    }
    #expect(report[.observations] == .sound)
  }

  @Test func `odd bounds of actions are doubtful`() throws {
    struct Valve: Environment {
      let observationSpace = Space.box(shape: [], low: 0, high: 1)
      let actionSpace = Space.box(shape: [], low: 0, high: .infinity)
      let observation: Float = 0
      mutating func reset(using random: inout PCG64) {}
      mutating func step(_ action: Float, using random: inout PCG64) -> StepOutcome {
        StepOutcome(reward: 0, terminated: true)
      }
    }
    let report = try EnvironmentCheck(stepCount: 20).run(
      RegisteredEnvironment(id: "Valve-v0", summary: "", make: { _ in Valve() }))
    guard case .doubtful(let text) = report[.actions] else {
      Issue.record("\(report[.actions])")
      return
    }
    #expect(text.contains("is infinite on one side"), "\(text)")
  }

  @Test(arguments: EnvironmentRegistry.shared.ids)
  func `every environment that is built in is sound`(id: String) throws {
    let report = try EnvironmentCheck(stepCount: 100).run(EnvironmentConfiguration(id))
    #expect(report.isSound, "\(report.findings)")
  }

  @Test func `one seed gives one report, but for the speed`() throws {
    var (one, two) = (try report(.none), try report(.none))
    (one.stepsPerSecond, two.stepsPerSecond) = (nil, nil)
    #expect(one == two)
  }

  @Test(arguments: [
    (
      Suspect.Mistake.observationBeyondBounds, Subject.observations,
      "environment 0 at step 11: the observation [1] is 1.25, outside Box(-1.0, 1.0, [2], float32)"
    ),
    (.notANumber, .numbers, "environment 0 at step 11: the observation [0] is nan"),
    (.infiniteReward, .numbers, "environment 0 at step 9: the reward is inf"),
    (
      .throwsInStep, .actions,
      "in step 5: environment 0 failed at step 4 of its episode: Broken()"
    ),
    (
      .throwsInReset, .actions,
      "in step 20: environment 0 failed at step 20 of its episode: Broken()"
    ),
    (
      .emptySpace, .spaces,
      "the observation space Box(1.0, 0.0, [2], float32) has no values between its bounds"
    ),
    (
      .informationBeyondBounds, .information,
      "environment 0 at step 7: the information place is 3.0, outside Box(-1.0, 1.0, [], float32)"
    ),
    (
      .forgetsItsSeed, .equalSeeds,
      "environment 0 after a reset: the observation differs between two runs with one seed"
    ),
  ])
  func `a mistake of an environment is found and placed`(
    mistake: Suspect.Mistake, subject: Subject, text: String
  ) throws {
    let fault = try onlyFault(report(mistake))
    #expect(fault.0 == subject && fault.1 == text)
  }

  @Test func `an environment without chance is doubtful, and not wrong`() throws {
    let report = try report(.ignoresChance)
    #expect(report.isSound)
    #expect(
      report[.differentSeeds]
        == .doubtful("the seed changes nothing in 200 steps: the environment may be deterministic"))
  }

  @Test func `information that never comes is doubtful, and not wrong`() throws {
    let report = try report(.untoldInformation)
    #expect(report.isSound)
    #expect(report[.information] == .doubtful("no step told a number 'place'"))
  }

  @Test(arguments: [
    (
      Spoiler.Mistake.leavesRewardInReset, Subject.reset,
      "environment 1 after a reset has the reward 3.0, not 0"
    ),
    (.leavesFinInReset, .reset, "environment 1 after a reset has fin 0, not 1"),
    (.leavesActionInReset, .reset, "environment 1 after a reset has an action that is not 0"),
    (
      .forgetsObservation, .observations,
      "environment 1 at step 1: the observation is not written completely"
    ),
    (
      .forgetsInformation, .information,
      "environment 1 at step 1: the information is not written completely"
    ),
    (
      .overwritesAction, .actions,
      "environment 1 at step 1: the drawn action is overwritten"
    ),
    (
      .forgetsFin, .flags,
      "environment 1 at step 15: fin is 0 with terminated 0 and truncated 1"
    ),
    (
      .endsBothWays, .flags,
      "environment 1 at step 1: fin is 0 with terminated 0 and truncated 1"
    ),
    (
      .forgetsFinal, .finals,
      "environment 1 at step 15: the final observation is not written completely"
    ),
    (
      .writesFinalAlways, .finals,
      "environment 1 at step 1: a final observation is written, but no episode ended"
    ),
    (
      .ignoresLimit, .limit,
      "environment 0 at step 15: an episode of 15 steps continues despite the limit 15"
    ),
    (
      .otherCount, .spaces, "a batch for 2 random streams has 4 environments"
    ),
  ])
  func `a mistake of a batch is found and placed`(
    mistake: Spoiler.Mistake, subject: Subject, text: String
  ) throws {
    let report = try report(mistake)
    #expect(!report.isSound && report[subject] == .wrong(text), "\(report.findings)")
  }

  @Test func `step numbers that do not count are found`() throws {
    for mistake in [Spoiler.Mistake.miscounts, .setsStepnoInReset] {
      let report = try report(mistake)
      #expect(!report.isSound)
    }
    guard case .wrong(let text) = try report(.miscounts)[.flags] else {
      Issue.record("not found")
      return
    }
    #expect(text == "environment 1 at step 1: stepno is 2 after 0, not 1")
  }

  @Test func `spaces that differ from the specification's are found`() throws {
    guard case .wrong(let text) = try report(.otherSpaces)[.spaces] else {
      Issue.record("not found")
      return
    }
    #expect(text.contains("Discrete(4)") && text.contains("Discrete(3)"))
    #expect(try report(.otherSpaces)[.limit] == .unchecked)
  }

  @Test func `actions keep to a mask`() throws {
    let report = try EnvironmentCheck(stepCount: 60).run(
      RegisteredEnvironment(
        id: "Masked-v0", summary: "", maximumEpisodeSteps: 20, make: { _ in MaskedChoice() }))
    #expect(report.isSound, "\(report.findings)")
    #expect((report.stepsPerSecond ?? 0) > 0)
  }

  @Test func `nested spaces are checked leaf by leaf`() throws {
    // The second number counts steps, and is outside its space from the second step on.
    let report = try EnvironmentCheck(stepCount: 8).run(
      RegisteredEnvironment(id: "Cockpit-v0", summary: "", make: { _ in Cockpit(length: 2) }))
    #expect(
      report[.finals]
        == .wrong(
          "environment 0 at step 2: the final observation sight.0[1] is 2.0, outside "
            + "Box(0.0, 1.0, [4], float64)"))
    #expect(report[.observations] == .sound && report[.equalSeeds] == .sound)
  }

  @Test func `an unknown environment is an error`() throws {
    #expect(throws: UnknownEnvironment.self) { try EnvironmentCheck().run("Nowhere-v0") }
  }
}

/// An environment that allows one action of five, drawn anew at each step, and throws at others.
private struct MaskedChoice: Environment {
  struct Forbidden: Error {}

  struct View: Recordable {
    var mask: [UInt8]
    static var leafTypes: [ElementType] { [UInt8].leafTypes }
    init(mask: [UInt8]) { self.mask = mask }
    init(loading leaves: LeafRow) { mask = [UInt8](loading: leaves) }
    func store(in leaves: LeafRow) { mask.store(in: leaves) }
  }

  private var allowed = 0

  var observationSpace: Space {
    .dict([.init("action_mask", .box(shape: [5], low: 0, high: 1, elementType: .uint8))])
  }
  var actionSpace: Space { .discrete(5) }
  var observation: View { View(mask: (0..<5).map { $0 == allowed ? 1 : 0 }) }

  mutating func reset(using random: inout PCG64) { allowed = random.integer(below: 5) }

  mutating func step(_ action: Int, using random: inout PCG64) throws -> StepOutcome {
    guard action == allowed else { throw Forbidden() }
    allowed = random.integer(below: 5)
    return StepOutcome(reward: 1)
  }
}
