import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of `rlplay ask` and of `rlplay describe --states`.
  struct AskTests {
    private func train(_ options: [String], in directory: ScratchDirectory) throws {
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--quiet", "--collector", "same", "--eval-every", "0", "--seed", "3",
          "--run-dir", directory.path("runs/one"),
        ] + options, in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    @Test func `every state of a corridor has its probabilities and value`() throws {
      let directory = try ScratchDirectory()
      try train(["--env", "Corridor-v0", "--steps", "4000", "--hidden", "8"], in: directory)
      let described = try RunningProgram.run(
        Executable.rlplay, ["describe", "--states"], in: directory.url)
      #expect(described.exitCode == 0, "\(described.errors)")
      let table = described.output.split(separator: "\n").suffix(6).map {
        $0.split(separator: " ").map(String.init)
      }
      #expect(table[0] == ["state", "action", "π(LEFT)", "π(RIGHT)", "value"])
      #expect(table.dropFirst().map { $0[0] } == ["0", "1", "2", "3", "4"])

      let object = try RunningProgram.run(
        Executable.rlplay, ["describe", "one", "--states", "--json"], in: directory.url
      ).json
      let states = try #require(object["states"] as? [[String: Any]])
      #expect(states.count == 5)
      for state in 0..<4 {
        let asked = try RunningProgram.run(
          Executable.rlplay, ["ask", "--obs", "\(state)", "--json"], in: directory.url)
        #expect(asked.exitCode == 0, "\(asked.errors)")
        let answer = asked.json
        let action = try #require(answer["action"] as? Int)
        #expect(answer["action_name"] as? String == ["LEFT", "RIGHT"][action])
        #expect(table[1 + state][1] == ["LEFT", "RIGHT"][action])
        for key in ["action", "action_name", "probabilities", "outputs"] {
          #expect((answer[key] as? NSObject) == (states[state][key] as? NSObject))
        }
        let probabilities = try #require(answer["probabilities"] as? [Double])
        #expect(probabilities[action] == probabilities.max())
        #expect(String(format: "%.4f", probabilities[1]) == table[1 + state][3])
        let outputs = try #require(answer["outputs"] as? [String: Any])
        #expect((outputs["logits"] as? [Double])?.count == 2 && outputs["value"] is Double)
      }
      let text = try RunningProgram.run(
        Executable.rlplay, ["ask", "one", "--obs", "2"], in: directory.url
      ).output.split(separator: "\n")
      #expect(text[0] == "runs/one/checkpoints/last.safetensors: Corridor-v0")
      #expect(text[1] == "action     \(table[3][1])")
      #expect(text[2].hasPrefix("π(LEFT)    0.") && text[4].hasPrefix("value      "))

      for (obs, message) in [
        ("5", "the observation is 5, but Discrete(5) takes whole numbers from 0 to 4."),
        ("0.5", "the observation is 0.5, but Discrete(5) takes whole numbers from 0 to 4."),
        ("[1]", "--obs is [1], but Discrete(5) takes a number."),
        ("{", "--obs is not JSON: column 2 "), ("left", "--obs is not JSON: column 1 "),
      ] {
        let asked = try RunningProgram.run(
          Executable.rlplay, ["ask", "--obs", obs], in: directory.url)
        #expect(asked.exitCode == 64)
        #expect(asked.errors.hasPrefix("Error: \(message)"), "\(asked.errors)")
        #expect(asked.errors.contains("Usage: rlplay ask [RUN|CHECKPOINT] [options]"))
      }
      let nothing = try RunningProgram.run(Executable.rlplay, ["ask"], in: directory.url)
      #expect(nothing.exitCode == 64 && nothing.errors.hasPrefix("Error: --obs is missing: "))
    }

    @Test func `a list is an observation of a Box, of which there is no table`() throws {
      let directory = try ScratchDirectory()
      try train(
        ["--steps", "1200", "--learning-starts", "400", "--algorithm", "dqn", "--hidden", "8"],
        in: directory)
      let asked = try RunningProgram.run(
        Executable.rlplay, ["ask", "--obs", "[0.1, 0, -0.1, 0]"], in: directory.url)
      #expect(asked.exitCode == 0, "\(asked.errors)")
      let names = asked.output.split(separator: "\n").dropFirst().map { $0.prefix { $0 != " " } }
      #expect(names == ["action", "π(0)", "π(1)", "q(0)", "q(1)"])
      let short = try RunningProgram.run(
        Executable.rlplay, ["ask", "--obs", "[0.1, 0]"], in: directory.url)
      #expect(short.exitCode == 64)
      #expect(
        short.errors.contains("--obs is [0.1,0], but Box(")
          && short.errors.contains("takes a list of the shape [4]."), "\(short.errors)")
      let table = try RunningProgram.run(
        Executable.rlplay, ["describe", "--states"], in: directory.url)
      #expect(table.exitCode == 64)
      #expect(
        table.errors.contains("--states needs a Discrete observation space")
          && table.errors.contains("use 'rlplay ask'"), "\(table.errors)")
    }
  }
}
