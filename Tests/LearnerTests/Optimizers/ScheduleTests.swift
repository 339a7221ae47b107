import TestSupport
import Testing

@testable import Learner

/// Numbers that change in the course of a run.
struct ScheduleTests {
  @Test func `a constant is always the same`() {
    let schedule: Schedule = 0.005
    for step in [0, 7, 1_000_000] { #expect(schedule.value(at: step, of: 10) == 0.005) }
    #expect(schedule == .constant(0.005))
    #expect(Schedule.linear(from: 1, to: 1) != 1)
  }

  @Test func `a line loses the same with each step`() {
    let schedule = Schedule.linear(from: 0.5, to: -0.5)
    let values = [0, 1, 2, 3, 4, 5, 9].map { schedule.value(at: $0, of: 4) }
    #expect(values == [0.5, 0.25, 0, -0.25, -0.5, -0.5, -0.5])
  }

  @Test func `a cosine is slow at both ends and half way in the middle`() {
    let schedule = Schedule.cosine(from: 3, to: 1)
    let values = [0, 1, 2, 3, 4, 5].map { schedule.value(at: $0, of: 4) }
    // cos 45° = √½; one or two roundings of numbers near 3.
    let root = 0.5.squareRoot()
    let difference = firstDifference(
      values, [3, 2 + root, 2, 2 - root, 1, 1], absolute: 1e-15, relative: 1e-15)
    #expect(difference == nil, "\(difference ?? "")")
  }

  @Test func `an exponential loses the same part with each step`() {
    let schedule = Schedule.exponential(from: 1, to: 0.0625)
    let values = [0, 1, 2, 3, 4, 5].map { schedule.value(at: $0, of: 4) }
    // Powers of two, which `pow` need not compute exactly.
    let difference = firstDifference(
      values, [1, 0.5, 0.25, 0.125, 0.0625, 0.0625], relative: 1e-15)
    #expect(difference == nil, "\(difference ?? "")")
  }

  @Test func `steps of its own count and not the run's`() {
    let schedule = Schedule.linear(from: 1, to: 0, steps: 10)
    #expect(schedule.value(at: 5, of: 1000) == 0.5)
    #expect(schedule.value(at: 11, of: 1000) == 0)
  }

  @Test(
    arguments: [
      ("0.005", .constant(0.005)),
      ("linear:0.005:0", .linear(from: 0.005, to: 0)),
      ("linear:-1:1", .linear(from: -1, to: 1)),
      ("cosine:5e-3:1e-4", .cosine(from: 0.005, to: 0.0001)),
      ("exponential:1:0.05:1_000_000", .exponential(from: 1, to: 0.05, steps: 1_000_000)),
      ("linear:1:0:1e6", .linear(from: 1, to: 0, steps: 1_000_000)),
    ] as [(String, Schedule)])
  func `a text spells a schedule, and a schedule its text`(text: String, expected: Schedule) {
    let format = SettingFormat<Schedule>.schedule
    #expect(format.parse(text) == expected)
    #expect(format.parse(format.value(expected).text) == expected)
  }

  @Test func `a constant is a number in JSON, all else a text`() {
    let format = SettingFormat<Schedule>.schedule
    #expect(format.value(0.01) == .number("0.01"))
    #expect(format.value(.cosine(from: 1, to: 0, steps: 20)) == .string("cosine:1:0:20"))
  }

  @Test(arguments: [
    (
      "lineal:1:0",
      "is neither a number nor a schedule: write it like 0.005, linear:0.005:0, cosine:0.005:0 "
        + "or exponential:1:0.05. Did you mean linear?"
    ),
    (
      "nan",
      "is neither a number nor a schedule: write it like 0.005, linear:0.005:0, cosine:0.005:0 "
        + "or exponential:1:0.05."
    ),
    ("linear", "has no start and end: write linear:FROM:TO, or linear:FROM:TO:STEPS."),
    (
      "cosine:1:2:3:4",
      "has no start and end: write cosine:FROM:TO, or cosine:FROM:TO:STEPS."
    ),
    ("linear:1:", "has '', which is not a finite number: write it like 0.5 or 1e-3."),
    ("linear:nan:0", "has 'nan', which is not a finite number: write it like 0.5 or 1e-3."),
    ("linear:1:inf", "has 'inf', which is not a finite number: write it like 0.5 or 1e-3."),
    (
      "exponential:1:0", "has 0, which no exponential reaches: use positive numbers, or linear."
    ),
    (
      "exponential:-2:1",
      "has -2, which no exponential reaches: use positive numbers, or linear."
    ),
    (
      "linear:1:0:0",
      "lasts '0' steps: write a whole number of at least 1, like 1_000_000 or 1e6."
    ),
    (
      "linear:1:0:many",
      "lasts 'many' steps: write a whole number of at least 1, like 1_000_000 or 1e6."
    ),
  ])
  func `what is no schedule is refused in a sentence`(text: String, complaint: String) {
    let format = SettingFormat<Schedule>.schedule
    #expect(format.parse(text) == nil)
    #expect(format.complaint(text) == complaint)
  }
}
