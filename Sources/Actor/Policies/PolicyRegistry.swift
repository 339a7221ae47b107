import Foundation
import Rollout
import Synchronization

/// The policies available to worker processes and checkpoints, by kind.
///
/// A user's executable registers custom policies before anything else runs. Its workers are the
/// same executable, so they register them too.
public enum PolicyRegistry {
  private typealias Decode = @Sendable (Data) throws -> any Policy

  private static let kinds = Mutex<[String: Decode]>([
    NetworkPolicy.kind: { try settings(NetworkPolicy.self, from: $0) },
    QNetworkPolicy.kind: { try settings(QNetworkPolicy.self, from: $0) },
    TwinCriticPolicy.kind: { try settings(TwinCriticPolicy.self, from: $0) },
  ])

  /// Registers a policy under its kind.
  public static func register<P: Policy>(_ type: P.Type) {
    kinds.withLock { $0[P.kind] = { try JSONDecoder().decode(P.self, from: $0) } }
  }

  /// Decodes a built-in policy, whose keys release 0.1 spelled differently.
  private static func settings<P: Policy>(_ type: P.Type, from json: Data) throws -> P {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { path in
      SettingKey(stringValue: FormerSpelling.current(path.last?.stringValue ?? ""))
    }
    return try decoder.decode(type, from: json)
  }

  private struct SettingKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Encodes a policy for checkpoints and worker processes as `<kind> <settings as JSON>`.
  package static func encode(_ policy: some Policy) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(policy) else {
      preconditionFailure("the settings of policy '\(type(of: policy).kind)' have no JSON form")
    }
    return "\(type(of: policy).kind) \(String(decoding: data, as: UTF8.self))"
  }

  /// Checks that worker processes and checkpoints can decode a policy.
  ///
  /// - Throws: `PolicyError` as `decode` does.
  package static func check(_ policy: some Policy) throws(PolicyError) {
    _ = try decode(encode(policy))
  }

  /// Decodes a policy from the text of `encode`.
  ///
  /// - Throws: `PolicyError` when its kind is not registered or its settings cannot be read.
  package static func decode(_ text: String) throws(PolicyError) -> any Policy {
    let parts = text.split(separator: " ", maxSplits: 1)
    let kind = parts.first.map(String.init) ?? ""
    guard let decode = kinds.withLock({ $0[kind] }) else {
      let known = kinds.withLock { $0.keys.sorted() }.joined(separator: ", ")
      throw PolicyError(
        "the policy '\(kind)' is not registered (known: \(known)): register it before other work"
      )
    }
    let policy: any Policy
    do {
      policy = try decode(Data(parts.dropFirst().joined().utf8))
    } catch {
      throw PolicyError("the settings of policy '\(kind)' cannot be read: \(error)")
    }
    try policy.checkSizes()
    return policy
  }
}
