public import Foundation
import Glibc
import Rollout

extension TrainingConfiguration {
  /// The key that readers skip: a remark in a recipe, or versions and machine in a run.
  package static let remarkKey = "about"

  /// Reads options from a JSON object; options that are absent keep the values of a base.
  ///
  /// The keys are the names of the command line, as in `{"actors": 16, "hidden": [64, 64]}`. A
  /// string is parsed as on the command line (`"rho-clip": "inf"`). Only types are checked, because
  /// other options may still override these; ``validate()`` checks the values.
  ///
  /// - Parameters:
  ///   - json: the UTF-8 text of one object.
  ///   - base: the configuration with the values of absent options; nil for the defaults of the
  ///     algorithm in the object.
  ///   - source: the name of the text in errors, such as the name of the file.
  /// - Throws: `ConfigurationError` if the text is not a JSON object, a key is unknown or a value
  ///   has the wrong type.
  public init(
    json: Data, over base: TrainingConfiguration? = nil, source: String = "the configuration"
  ) throws(ConfigurationError) {
    try self.init(Self.values(of: json, source: source), over: base, source: source)
  }

  private init(
    _ values: [String: SettingValue], over base: TrainingConfiguration?, source: String
  ) throws(ConfigurationError) {
    let algorithm = values["algorithm"].flatMap { Algorithm(rawValue: $0.text) }
    self = base ?? algorithm.map { Self($0) } ?? Self()
    let names = Self.settings.map(\.name)
    // Sorted, because a JSON object has no order and the error has to be reproducible.
    for key in values.keys.sorted() where key != Self.remarkKey && !names.contains(key) {
      let nearest = key.count <= 80 ? NearestMatch.find(key, among: names) : nil
      let suggestion = nearest.map { " Did you mean \"\($0)\"?" } ?? ""
      throw ConfigurationError(
        "\"\(Self.shown(key))\" in \(source) is not an option of training.\(suggestion)")
    }
    for setting in Self.settings {
      guard let value = values[setting.name] else { continue }
      try setting.write(&self, value, from: source)
    }
  }

  /// Reads options from a JSON file; options that are absent keep the values of a base.
  ///
  /// - Throws: `ConfigurationError` if the file cannot be read, and as for text.
  public init(
    contentsOf path: String, over base: TrainingConfiguration? = nil
  ) throws(ConfigurationError) {
    self = try Self.read(contentsOf: path, over: base).configuration
  }

  /// Reads options from a JSON file, as ``init(contentsOf:over:)`` does, and their names.
  package static func read(
    contentsOf path: String, over base: TrainingConfiguration? = nil
  ) throws(ConfigurationError) -> (configuration: TrainingConfiguration, names: Set<String>) {
    let values = try values(of: contents(of: path), source: path)
    return (
      try Self(values, over: base, source: path), Set(values.keys).subtracting([remarkKey])
    )
  }

  private static func contents(of path: String) throws(ConfigurationError) -> Data {
    let json: Data
    do {
      // One byte beyond the limit suffices to refuse the file.
      json = Data(try SystemCalls.contents(of: path, atMost: largestByteCount + 1))
    } catch {
      let fault =
        switch error.code {
        case ENOENT, ENOTDIR: "does not exist: name a file of options as JSON."
        case ESPIPE: "cannot be read, since \(error.reason): name a file of options as JSON."
        default: "cannot be read: name a readable file of options."
        }
      throw ConfigurationError("--config \(path) \(fault)", option: "config")
    }
    return json
  }

  /// Returns the configuration as a JSON object, one line per option, in the table's order.
  ///
  /// Reading it gives an equal configuration, whatever the base.
  ///
  /// - Parameter about: additional facts, such as versions, which readers skip.
  public func json(about: KeyValuePairs<String, String> = [:]) -> Data {
    var lines = Self.settings.map { "  \"\($0.name)\": \($0.read(self).json)" }
    if !about.isEmpty {
      let facts = about.map {
        "    \(JSONValue.quoted($0.key)): \(JSONValue.quoted($0.value))"
      }
      lines.append("  \"\(Self.remarkKey)\": {\n" + facts.joined(separator: ",\n") + "\n  }")
    }
    return Data(("{\n" + lines.joined(separator: ",\n") + "\n}\n").utf8)
  }

  /// The size limit of a file of options in bytes, many times the size of all options.
  static let largestByteCount = 256 << 10

  private static func values(
    of json: Data, source: String
  ) throws(ConfigurationError) -> [String: SettingValue] {
    guard json.count <= largestByteCount else { throw tooLarge(source) }
    let example = "write options as {\"actors\": 16, \"gamma\": 0.99}."
    let root: JSONValue
    do {
      root = try JSONReader.value(of: json)
    } catch {
      throw ConfigurationError(
        "\(source) is not JSON: line \(error.line), column \(error.column) \(error.finding). "
          + "In JSON, \(example)")
    }
    guard case .object(let object) = root else {
      throw ConfigurationError("\(source) is not a JSON object: \(example)")
    }
    var values: [String: SettingValue] = [:]
    for (key, value) in object.entries {
      guard let value = SettingValue(value) else {
        throw ConfigurationError("\(source) has a number that JSON readers cannot hold.")
      }
      guard values.updateValue(value, forKey: key) == nil else {
        throw ConfigurationError(
          "\"\(shown(key))\" appears twice in \(source): leave one of them out.")
      }
    }
    return values
  }

  private static func tooLarge(_ source: String) -> ConfigurationError {
    ConfigurationError(
      "\(source) has more than \(largestByteCount) bytes, the limit of a file of options: "
        + "remove everything but options.")
  }

  /// Returns a key for an error, shortened if it is long.
  private static func shown(_ key: String) -> String {
    key.count <= 80 ? key : "\(key.prefix(80))…"
  }
}
