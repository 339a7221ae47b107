import Rollout

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
