import Actor
import Rollout
import Testing

/// Tests of the table of layers as text.
struct LayerTableTextTests {
  @Test func `columns are aligned and thousands told apart`() throws {
    let spaces = EnvironmentSpaces(
      observation: .dict([
        SpaceField("camera", .box(shape: [3, 64, 64], low: 0, high: 255, elementType: .uint8)),
        SpaceField("mode", .discrete(3)),
      ]), action: .discrete(2))
    let policy = NetworkPolicy(inputs: [.obs], torso: .nature, hidden: [512], activation: .gelu)
    // 32 · (3 · 64 + 1), 64 · (32 · 16 + 1), 64 · (64 · 9 + 1), 3 · 4,
    // 512 · (64 · 4 · 4 + 4 + 1), 2 · 513.
    #expect(
      try LayerTable(policy, for: spaces).text == """
        network                         output   parameters
        obs.camera.0   Conv2d, relu   32×15×15        6,176
        obs.camera.2   Conv2d, relu     64×6×6       32,832
        obs.camera.4   Conv2d, relu     64×4×4       36,928
        obs.mode       Embedding             4           12
        hidden         Linear, gelu        512      526,848
        logits         Linear                2        1,026
        603,822 parameters, inputs: obs.camera 3×64×64, obs.mode
        """)
  }
}
