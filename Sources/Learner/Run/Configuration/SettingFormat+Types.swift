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

extension SettingFormat where Value == [String] {
  /// Classes of Python with their arguments, separated by commas, or a given word for none.
  package static func pythonCalls(orWord word: String) -> SettingFormat {
    SettingFormat(
      shape: .stringOrList,
      parse: { text in
        let calls = text == word ? [] : PythonCall.list(text)
        return calls.allSatisfy { (try? PythonCall(parsing: $0)) != nil } ? calls : nil
      },
      value: { $0.isEmpty ? .string(word) : .list($0.map { .string($0) }) },
      complaint: { text in
        for call in PythonCall.list(text) {
          do throws(InvalidEnvironmentArguments) {
            _ = try PythonCall(parsing: call)
          } catch {
            return "is malformed: \(error)"
          }
        }
        return "is not a list of wrappers."
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

/// The texts of intervals: an integer, or a number with a unit.
private enum IntervalText {
  /// Returns the seconds of a text such as `0.5s`.
  static func seconds(_ text: String) -> Double? {
    text.hasSuffix("s") ? SettingFormat<Double>.number.parse(String(text.dropLast())) : nil
  }

  /// Returns the updates of a text such as `100u`.
  static func updates(_ text: String) -> Int? {
    text.hasSuffix("u") ? SettingFormat<Int>.integer.parse(String(text.dropLast())) : nil
  }

  /// Returns the text of a number of seconds.
  static func text(seconds: Double) -> SettingValue {
    .string(SettingFormat<Double>.number.value(seconds).text + "s")
  }
}

extension SettingFormat where Value == MetricsInterval {
  /// An interval: an integer for updates, or a number of seconds such as `0.5s`.
  package static var metricsInterval: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { text in
        (SettingFormat<Int>.integer.parse(text) ?? IntervalText.updates(text)).map { .updates($0) }
          ?? IntervalText.seconds(text).map { .seconds($0) }
      },
      value: { interval in
        switch interval {
        case .updates(let count): .number(String(count))
        case .seconds(let seconds): IntervalText.text(seconds: seconds)
        }
      },
      complaint: { text in
        SettingFormat<Int>.rangeComplaint(text)
          ?? "is neither a number of updates such as 10 nor a number of seconds such as 0.5s."
      })
  }
}

extension SettingFormat where Value == EvaluationInterval {
  /// An interval: an integer for environment steps, or a number such as `30s` or `100u`.
  package static var evaluationInterval: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { text in
        SettingFormat<Int>.integer.parse(text).map { .steps($0) }
          ?? IntervalText.seconds(text).map { .seconds($0) }
          ?? IntervalText.updates(text).map { .updates($0) }
      },
      value: { interval in
        switch interval {
        case .steps(let count): .number(String(count))
        case .updates(let count): .string("\(count)u")
        case .seconds(let seconds): IntervalText.text(seconds: seconds)
        }
      },
      complaint: { text in
        SettingFormat<Int>.rangeComplaint(text)
          ?? "is neither a number of steps such as 25000, of seconds such as 30s, nor of updates "
          + "such as 100u."
      })
  }
}

extension SettingFormat where Value == Schedule {
  /// A number, or a curve such as `linear:A:B`.
  ///
  /// The curves are `linear:A:B`, `cosine:A:B` and `exponential:A:B`, from A to B over the whole
  /// run, or over a number of environment steps with `:STEPS` at the end.
  package static var schedule: SettingFormat {
    SettingFormat(
      shape: .number,
      parse: { try? Schedule(parsing: $0) },
      value: { schedule in
        let number = SettingFormat<Double>.number.value
        guard case .changing(let curve, let from, let to, let steps) = schedule else {
          return number(schedule.first)
        }
        let parts = [curve.rawValue, number(from).text, number(to).text]
        return .string((parts + (steps.map { ["\($0)"] } ?? [])).joined(separator: ":"))
      },
      complaint: { text in
        do throws(ScheduleSpelling) {
          _ = try Schedule(parsing: text)
          return "is not a schedule."
        } catch {
          return error.complaint
        }
      })
  }
}

/// An error for a text that is not a schedule.
private struct ScheduleSpelling: Error {
  /// The end of a sentence that refuses the text.
  var complaint: String
}

extension Schedule {
  /// Parses a text.
  fileprivate init(parsing text: String) throws(ScheduleSpelling) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 1, let number = SettingFormat<Double>.number.parse(text) {
      self = .constant(number)
      return
    }
    let names = Curve.allCases.map(\.rawValue)
    guard let curve = Curve(rawValue: parts[0]) else {
      let suggestion =
        NearestMatch.find(parts[0], among: names).map { " Did you mean \($0)?" } ?? ""
      throw ScheduleSpelling(
        complaint: "is neither a number nor a schedule: write it like 0.005, linear:0.005:0, "
          + "cosine:0.005:0 or exponential:1:0.05.\(suggestion)")
    }
    guard (3...4).contains(parts.count) else {
      throw ScheduleSpelling(
        complaint: "has no start and end: write \(curve.rawValue):FROM:TO, or "
          + "\(curve.rawValue):FROM:TO:STEPS.")
    }
    var ends: [Double] = []
    for part in parts[1...2] {
      guard let number = SettingFormat<Double>.number.parse(part), number.isFinite else {
        throw ScheduleSpelling(
          complaint: "has '\(part)', which is not a finite number: write it like 0.5 or 1e-3.")
      }
      ends.append(number)
    }
    if curve == .exponential, let end = ends.first(where: { $0 <= 0 }) {
      let number = SettingFormat<Double>.number.value(end).text
      throw ScheduleSpelling(
        complaint: "has \(number), which no exponential reaches: use positive numbers, or "
          + "linear.")
    }
    var steps: Int?
    if parts.count == 4 {
      steps = SettingFormat<Int>.integer.parse(parts[3])
      guard let steps, steps > 0 else {
        throw ScheduleSpelling(
          complaint: "lasts '\(parts[3])' steps: write a whole number of at least 1, like "
            + "1_000_000 or 1e6.")
      }
    }
    self = .changing(curve, from: ends[0], to: ends[1], steps: steps)
  }
}
