import Rollout

// The formats of types that are rlplay's own.

extension SettingFormat where Value == [Wrapper] {
  /// Wrappers separated by commas, or `none`.
  package static var wrappers: SettingFormat {
    SettingFormat(
      shape: .stringOrList,
      parse: { $0 == "none" ? [] : try? Wrapper.list(parsing: $0) },
      value: { $0.isEmpty ? .string("none") : .list($0.map { .string($0.description) }) },
      complaint: { text in
        do {
          _ = try Wrapper.list(parsing: text)
          return "is not a list of wrappers: write it like [\"time-limit=200\"]."
        } catch {
          return "\(error)"
        }
      })
  }
}

extension SettingFormat where Value == EpisodeLimit {
  /// An episode limit: `default`, `none` or an integer.
  package static var episodeLimit: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { text in
        switch text {
        case "default": .registered
        case "none": .unlimited
        default: SettingFormat<Int>.integer.parse(text).map { .steps($0) }
        }
      },
      value: { limit in
        switch limit {
        case .registered: .string("default")
        case .unlimited: .string("none")
        case .steps(let count): .number(String(count))
        }
      },
      complaint: { text in
        SettingFormat<Int>.rangeComplaint(text)
          ?? "is neither default, none nor a whole number such as 500."
      })
  }
}

extension SettingFormat where Value == MetricsInterval {
  /// An interval: an integer for updates, or a number of seconds such as `0.5s`.
  package static var metricsInterval: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { text in
        if let count = SettingFormat<Int>.integer.parse(text) { return .updates(count) }
        guard text.hasSuffix("s") else { return nil }
        return SettingFormat<Double>.number.parse(String(text.dropLast())).map { .seconds($0) }
      },
      value: { interval in
        switch interval {
        case .updates(let count): .number(String(count))
        case .seconds(let seconds):
          .string(SettingFormat<Double>.number.value(seconds).text + "s")
        }
      },
      complaint: { text in
        SettingFormat<Int>.rangeComplaint(text)
          ?? "is neither a number of updates such as 10 nor a number of seconds such as 0.5s."
      })
  }
}
