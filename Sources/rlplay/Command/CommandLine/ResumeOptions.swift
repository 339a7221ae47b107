import Learner
import Rollout

/// The options of `rlplay train --resume`.
struct ResumeOptions: Equatable, Sendable {
  static let optionName = "resume"
  static let trustName = "trust"

  /// The run's directory or name; nil for the newest run.
  var target: String?
  /// The training options to change.
  var changes = ParsedArguments()
  /// The consent to start code.
  var consent = Consent()

  /// Rejects options that influence learning, and values of the wrong type.
  init(_ target: String, _ parsed: ParsedArguments) throws(ConfigurationError) {
    self.target = target.isEmpty ? nil : target
    let others = TrainPresentation.settings.map(\.name) + [Self.optionName, Self.trustName, "env"]
    consent.trusts = parsed.values[Self.trustName] != nil
    consent.environment = parsed.values["env"]
    for name in parsed.values.keys.sorted() where !others.contains(name) {
      guard TrainingConfiguration.resumableSettings.contains(name) else {
        let others = TrainingConfiguration.resumableSettings.sorted().map { "--\($0)" }
        throw ConfigurationError(
          "--\(name) cannot be given with --resume, since a run keeps its options: leave it out. "
            + "Options that may be given are \(others.joined(separator: ", ")).",
          option: name)
      }
      changes.values[name] = parsed.values[name]
    }
    // The run's values are not known yet; this only checks that the texts can be parsed.
    var configuration = TrainingConfiguration()
    try changes.apply(TrainingConfiguration.settings, to: &configuration)
    consent.python = configuration.environment.python
  }
}
