import Learner
import Rollout

/// The runs whose options differ in nothing but the random seed.
struct SetUp {
  /// The name: the options in which it differs from the other set-ups.
  let name: String
  let runs: [RecordedRun]

  /// Groups runs, in the order in which the set-ups first appear.
  static func all(of runs: [RecordedRun]) -> [SetUp] {
    var groups: [(options: Options?, runs: [RecordedRun])] = []
    for run in runs {
      let options = run.configuration.map { Options($0) }
      if let index = groups.firstIndex(where: { $0.options == options && options != nil }) {
        groups[index].runs.append(run)
      } else {
        groups.append((options, [run]))
      }
    }
    let known = groups.compactMap(\.options)
    let distinct = TrainingConfiguration.settings.map(\.name).filter { name in
      Set(known.map { $0.changed[name] }).count > 1
    }
    return groups.map { group in
      SetUp(
        name: group.options.map { name(of: $0.texts, by: distinct) }
          ?? group.runs[0].directory.path,
        runs: group.runs)
    }
  }

  private static func name(of options: [String: String], by distinct: [String]) -> String {
    let names = distinct.isEmpty ? ["env", "algorithm"] : distinct
    return names.map { name in
      let value = options[name] ?? ""
      return ["env", "algorithm"].contains(name) ? value : "\(name) \(value)"
    }.joined(separator: distinct.isEmpty ? " " : ", ")
  }

  /// The options that belong to a set-up.
  private struct Options: Equatable {
    /// The text of each option by name.
    private(set) var texts: [String: String] = [:]
    /// The texts of environment, algorithm, and all options that differ from its defaults.
    private(set) var changed: [String: String] = [:]

    init(_ configuration: TrainingConfiguration) {
      let usual = TrainingConfiguration(configuration.algorithm)
      for setting in TrainingConfiguration.settings
      where setting.name != "seed" && setting.name != "run-dir" {
        let text = setting.read(configuration).text
        texts[setting.name] = text
        if setting.read(usual).text != text || ["env", "algorithm"].contains(setting.name) {
          changed[setting.name] = text
        }
      }
    }
  }
}
