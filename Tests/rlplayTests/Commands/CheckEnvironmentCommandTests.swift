import Rollout
import TestSupport
import Testing

@testable import RolloutCommand

struct CheckEnvironmentCommandTests {
  /// A deterministic environment with endless episodes and observations outside its space.
  ///
  /// Its registered limit is 9 steps.
  private struct Runaway: Environment {
    var observation: Float = 0
    var observationSpace: Space { .box(shape: [], low: 0, high: 3) }
    var actionSpace: Space { .discrete(2) }
    mutating func reset(using random: inout PCG64) { observation = 0 }
    mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
      observation += 1
      return StepOutcome(reward: 0)
    }
  }

  private var report: EnvironmentCheckReport {
    get throws {
      try EnvironmentCheck(stepCount: 20).run(
        RegisteredEnvironment(
          id: "Runaway-v0", summary: "", maximumEpisodeSteps: 9, make: { _ in Runaway() }))
    }
  }

  @Test func `what is wrong is said where it was seen first`() throws {
    #expect(
      try CheckEnvironmentCommand.text(report, seed: 0) == """
        Runaway-v0: 40 steps, 4 episodes, seed 0
        spaces              ok
        reset               ok
        observations        wrong: environment 0 at step 4: the observation is 4.0, outside \
        Box(0.0, 3.0, [], float32)
        numbers             ok
        actions             ok
        flags               ok
        final observations  wrong: environment 0 at step 9: the final observation is 9.0, outside \
        Box(0.0, 3.0, [], float32)
        equal seeds         ok
        different seeds     doubtful: the seed changes nothing in 20 steps: the environment may be \
        deterministic
        episode limit       ok
        """)
  }

  @Test func `the same as an object`() throws {
    let json = try CheckEnvironmentCommand.json(report, seed: 0)
    #expect(
      json.hasPrefix(
        #"{"environment":"Runaway-v0","sound":false,"seed":0,"steps":40,"episodes":4,"#
          + #""steps_per_second":null,"findings":[{"subject":"spaces","verdict":"ok","text":null},"#
      ))
    #expect(json.contains(#"{"subject":"observations","verdict":"wrong","text":"environment 0"#))
  }

  @Test func `what was not seen is unchecked with its reason`() throws {
    struct Endless: Environment {
      let observation: Float = 0
      let observationSpace = Space.box(shape: [], low: 0, high: 3)
      let actionSpace = Space.discrete(2)
      mutating func reset(using random: inout PCG64) {}
      mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
        StepOutcome(reward: 0)
      }
    }
    let report = try EnvironmentCheck(stepCount: 20).run(
      RegisteredEnvironment(id: "Endless-v0", summary: "", make: { _ in Endless() }))
    let text = CheckEnvironmentCommand.text(report, seed: 0)
    for subject in ["flags               ", "final observations  ", "episode limit       "] {
      #expect(text.contains("\n\(subject)unchecked: no episode ended within 20 steps"), "\(text)")
    }
    let json = CheckEnvironmentCommand.json(report, seed: 0)
    #expect(
      json.contains(#"{"subject":"flags","verdict":"unchecked","text":"no episode ended within 20"#)
    )
    #expect(json.contains(#""sound":true"#))
  }

  @Test func `the exit code says whether all is well`() throws {
    try? EnvironmentRegistry.shared.register("Runaway-v0", maximumEpisodeSteps: 9) { Runaway() }
    #expect(try CheckEnvironmentCommand(environment: "Runaway-v0", stepCount: 20).run() == 1)
    #expect(try CheckEnvironmentCommand(environment: "CartPole-v1", stepCount: 20).run() == 0)
  }
}
