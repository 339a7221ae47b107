import Actor
import Rollout
import Testing

/// Tests of policies encoded as text and decoded.
struct PolicyRegistryTests {
  @Test func `a policy and its settings come back from their text`() throws {
    let policy = NetworkPolicy(hidden: [7, 9], embeddingWidth: 2)
    let text = PolicyRegistry.encode(policy)
    #expect(text.hasPrefix("network {"))
    #expect(try PolicyRegistry.decode(text) as? NetworkPolicy == policy)
    #expect(PolicyRegistry.encode(try PolicyRegistry.decode(text)) == text)
  }

  @Test func `settings in the spelling of release 0.1 are read`() throws {
    let policy = NetworkPolicy(
      initialization: .orthogonal, normalization: NetworkNormalization(observations: true))
    let text = PolicyRegistry.encode(policy)
    let former = text.replacing("ization\"", with: "isation\"")
    #expect(former != text)
    #expect(try PolicyRegistry.decode(former) as? NetworkPolicy == policy)
  }

  @Test func `a policy of one's own is known once it is registered`() throws {
    PolicyRegistry.register(EchoPolicy.self)
    let policy = EchoPolicy(sharpness: 0.1, repeats: true)
    let decoded = try PolicyRegistry.decode(PolicyRegistry.encode(policy))
    #expect(decoded as? EchoPolicy == policy)
  }

  @Test func `an unknown kind is named, with those that are known`() {
    for text in ["transformer {}", "", "transformer"] {
      let error = #expect(throws: PolicyError.self) { try PolicyRegistry.decode(text) }
      let description = error?.description ?? ""
      #expect(description.contains("'\(text.split(separator: " ").first ?? "")'"))
      #expect(description.contains("network"))
    }
  }

  @Test func `settings that cannot be read are an error of that policy`() {
    for settings in ["", "{", "{\"hidden\": 3}", "[]"] {
      let error = #expect(throws: PolicyError.self) {
        try PolicyRegistry.decode("network \(settings)")
      }
      #expect(error?.description.hasPrefix("the settings of policy 'network'") == true)
    }
  }
}
