import Learner
import Rollout

/// Runs `rlplay check-env`.
enum CheckEnvironmentCommand {
  static func run(_ options: CheckEnvironmentOptions) throws -> Int32 {
    let check = EnvironmentCheck(stepCount: options.stepCount, seed: options.seed)
    let report = try check.run(options.environment)
    print(
      options.endsWithJSON ? json(report, seed: options.seed) : text(report, seed: options.seed))
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
