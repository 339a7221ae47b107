import Learner
import Rollout

/// `rlplay check-env`.
struct CheckEnvironmentCommand: Subcommand, Equatable {
  /// The environment to check.
  var environment: EnvironmentConfiguration = ""
  /// The number of steps of each environment.
  var stepCount = 1000
  /// The root of every random stream.
  var seed: UInt64 = 0
  /// True to end standard output with one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<CheckEnvironmentCommand>] = [
    .environmentArguments(\.environment.arguments, in: .options),
    .episodeLimit(\.environment.limit, in: .options),
    .python(\.environment.python, in: .options),
    .information(\.environment.information, in: .options),
    .gymnasiumWrappers(\.environment.gymnasiumWrappers, in: .options),
    .wrappers(\.environment.wrappers, in: .options),
    .hangTimeout(\.environment.hangTimeoutSeconds, in: .options, "End with an error"),
    .closeTimeout(\.environment.closeTimeoutSeconds, in: .options),
    Setting(
      "steps", "N", \.stepCount, .integer, in: .options, "Steps of each of two environments."),
    Setting("seed", "N", \.seed, .integer, in: .options, "Seed of all random streams."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "End standard output with one JSON object that holds the findings."),
  ]

  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError) {
    environment.id = parsed.argument ?? ""
    guard !environment.id.isEmpty else {
      throw ConfigurationError(
        "No environment is named: name one, such as CartPole-v1; "
          + "'\(ProgramName.shown) envs' lists them.")
    }
    try ConfigurationError.checkTimeouts(
      hang: environment.hangTimeoutSeconds, close: environment.closeTimeoutSeconds)
    try EpisodeLimit.validate(environment.limit)
    try ConfigurationError.check("steps", stepCount, in: 1...1_000_000_000)
  }

  func run() throws -> Int32 {
    let check = EnvironmentCheck(stepCount: stepCount, seed: seed)
    let report = try check.run(environment)
    print(endsWithJSON ? Self.json(report, seed: seed) : Self.text(report, seed: seed))
    return report.isSound ? 0 : 1
  }

  /// Returns the report with one line per subject.
  static func text(_ report: EnvironmentCheckReport, seed: UInt64) -> String {
    let width = report.findings.map(\.subject.rawValue.count).max() ?? 0
    var lines = [
      """
      \(report.environment): \(NumberText.grouped(report.stepCount)) steps, \
      \(NumberText.grouped(report.episodeCount)) episodes, seed \(seed)
      """
    ]
    for finding in report.findings {
      let (word, remark) = words(finding.verdict)
      let text = remark.map { "\(word): \($0)" } ?? word
      lines.append("\(NumberText.left(finding.subject.rawValue, width))  \(text)")
    }
    if let speed = report.stepsPerSecond {
      lines.append("\(NumberText.left("steps/s", width))  \(NumberText.short(speed))")
    }
    return lines.joined(separator: "\n")
  }

  static func json(_ report: EnvironmentCheckReport, seed: UInt64) -> String {
    var object = OrderedJSON()
    object.set(report.environment)
    object.set("sound", report.isSound)
    object.set("seed", seed)
    object.set("steps", report.stepCount)
    object.set("episodes", report.episodeCount)
    object.set("steps_per_second", report.stepsPerSecond)
    object.set(
      "findings",
      report.findings.map { finding in
        let (word, remark) = words(finding.verdict)
        var entry = OrderedJSON()
        entry.set("subject", finding.subject.rawValue)
        entry.set("verdict", word)
        entry.set("text", remark)
        return entry
      })
    return object.encoded()
  }

  private static func words(_ verdict: EnvironmentCheckReport.Verdict) -> (String, String?) {
    switch verdict {
    case .sound: ("ok", nil)
    case .doubtful(let text): ("doubtful", text)
    case .wrong(let text): ("wrong", text)
    case .unseen(let text): ("unchecked", text)
    case .unchecked: ("unchecked", nil)
    }
  }
}

extension Command {
  static let checkEnvironment = Command(
    CheckEnvironmentCommand.self,
    name: "check-env",
    summary: "Check an environment for mistakes by playing it at random.",
    argument: CommandArgument(
      placeholder: "ID", help: "Environment to check; '\(ProgramName.shown) envs' lists them.",
      isRequired: true))
}
