import Rollout
import Testing

struct NearestMatchTests {
  let names = ["CartPole-v0", "CartPole-v1", "Acrobot-v1", "actors", "envs-per-actor", "multi"]

  @Test(arguments: [
    ("actor", "actors"), ("acotrs", "actors"), ("mutli", "multi"), ("ACTORS", "actors"),
    ("cartpole-v1", "CartPole-v1"), ("CartPole", "CartPole-v0"), ("CartPole-v2", "CartPole-v0"),
    ("Acrobot-v0", "Acrobot-v1"), ("env-per-actors", "envs-per-actor"),
  ])
  func `a slip finds the name that was meant`(typed: String, meant: String) {
    #expect(NearestMatch.find(typed, among: names) == meant)
  }

  @Test(arguments: ["", "x", "ca", "Pendulum-v1", "workers", "completely-different"])
  func `a name that is close to none finds none`(typed: String) {
    #expect(NearestMatch.find(typed, among: names) == nil)
  }

  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1),
    ("kitten", "sitting", 3), ("abc", "xabc", 1), ("abc", "ab", 1),
  ])
  func `the distance counts insertions, deletions, replacements and swaps`(
    first: String, second: String, expected: Int
  ) {
    #expect(NearestMatch.editDistance(Array(first), Array(second)) == expected)
    #expect(NearestMatch.editDistance(Array(second), Array(first)) == expected)
  }
}
