import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of rendered and recorded episodes, and of the check of environments.
  struct RenderTests {
    /// Creates a run of a few updates with short episodes.
    private func trained() throws -> ScratchDirectory {
      let directory = try ScratchDirectory()
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--steps", "400", "--eval-every", "0", "--collector", "same", "--seed", "1",
          "--quiet", "--run-dir", directory.path("run"),
        ], in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return directory
    }

    private func evaluate(
      _ options: String..., in directory: ScratchDirectory, environment: [String: String] = [:]
    ) throws -> RunningProgram.Outcome {
      try RunningProgram.run(
        Executable.rlplay, ["evaluate", "run", "--seed", "2"] + options, in: directory.url,
        environment: environment)
    }

    @Test func `recorded episodes are those that are played, one unless more are asked for`() throws
    {
      let directory = try trained()
      let plain = try evaluate("--episodes", "3", "--json", in: directory)
      let video = try evaluate(
        "--episodes", "3", "--video", "a.gif", "--json", in: directory)
      #expect(video.exitCode == 0 && video.output == plain.output)
      let file = try Data(contentsOf: directory.url.appendingPathComponent("a.gif"))
      #expect(file.starts(with: Array("GIF89a".utf8) + [88, 2, 144, 1]) && file.last == 0x3B)
      #expect(directory.names.filter { $0.hasPrefix(".") } == [])

      let one = try evaluate("--video", "b.GIF", in: directory)
      #expect(one.exitCode == 0 && one.output.contains("1 episode, greedy, seed 2"))
      // There is one picture of the first state, and one after each step.
      let length = try #require(
        one.output.split(separator: "\n").first { $0.hasPrefix("length") }
          .flatMap { Double($0.dropFirst(6).trimmingCharacters(in: .whitespaces)) })
      #expect(one.output.hasSuffix("video   b.GIF, \(Int(length) + 1) frames\n"))
    }

    @Test func `without color each step is a line of numbers`() throws {
      let directory = try trained()
      let outcome = try evaluate(
        "--render", "--max-episode-steps", "3", in: directory,
        environment: ["COLORTERM": "truecolor"])
      let lines = outcome.output.split(separator: "\n")
      #expect(outcome.exitCode == 0 && !outcome.output.contains("\u{1B}"))
      #expect(lines[0].hasPrefix("episode 1  step 0  obs "))
      #expect(lines[2].hasPrefix("episode 1  step 2  act "))
      #expect(lines[3].contains("  rew 1  obs ") && lines[3].hasSuffix("  end"))
      #expect(lines[4].hasSuffix(": CartPole-v1"))
    }

    /// Runs the program in a terminal provided by `script`.
    @Test(.enabled(if: access("/usr/bin/script", X_OK) == 0, "there is no script(1)"))
    func `a terminal with color shows pictures and gets its cursor back`() throws {
      let directory = try trained()
      let command = "\(try Executable.rlplay.path) evaluate run --seed 2 --render"
      let outcome = try RunningProgram.run(
        URL(fileURLWithPath: "/usr/bin/script"),
        ["-qec", "\(command) --max-episode-steps 5", "/dev/null"], in: directory.url,
        environment: ["COLORTERM": "truecolor", "TERM": "xterm-256color", "NO_COLOR": ""])
      let text = outcome.output
      #expect(outcome.exitCode == 0, "\(text)")
      #expect(text.contains("▀") && text.contains("\u{1B}[38;2;255;255;255m"))
      #expect(text.contains("episode 1  step 5  return 5"))
      let hidden = try #require(text.range(of: "\u{1B}[?25l"))
      let shown = try #require(text.range(of: "\u{1B}[?25h"))
      #expect(hidden.upperBound < shown.lowerBound)
      // Six pictures take at least five thirtieths of a second.
      #expect(outcome.seconds > 5.0 / 30)

      // The program receives the signal of Ctrl-C.
      let interrupted = try RunningProgram.run(
        URL(fileURLWithPath: "/usr/bin/script"),
        [
          "-qec", "timeout --foreground -s INT 1 \(command) --episodes 1000; echo code $?",
          "/dev/null",
        ], in: directory.url,
        environment: ["COLORTERM": "truecolor", "TERM": "xterm-256color", "NO_COLOR": ""])
      let end = try #require(interrupted.output.range(of: "\u{1B}[?25h"))
      #expect(!interrupted.output[end.upperBound...].contains("▀"))
      #expect(interrupted.output.contains("code 124"))
    }

    @Test func `an interrupted recording writes nothing`() throws {
      let directory = try trained()
      let program = try RunningProgram(
        Executable.rlplay, ["evaluate", "run", "--video", "a.gif", "--episodes", "1000000"],
        in: directory.url)
      // The program handles the signal from before the first step.
      try program.wait(until: "it listened to signals") {
        let status = try String(contentsOfFile: "/proc/\(program.pid)/status", encoding: .utf8)
        let caught = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        let mask = caught.flatMap { UInt64($0.dropFirst(7).trimmingPrefix("\t"), radix: 16) } ?? 0
        return mask >> UInt64(SIGINT - 1) & 1 == 1
      }
      program.send(SIGINT)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 130)
      #expect(outcome.errorLines.count == 1 && outcome.errors.contains("nothing is written"))
      #expect(directory.names == ["run"])
    }

    @Test func `an mp4 is ffmpeg's, or refused in a sentence that names gif`() throws {
      let directory = try trained()
      let refused = try evaluate(
        "--video", "a.mp4", in: directory, environment: ["PATH": "/nonexistent"])
      #expect(refused.exitCode == 1)
      #expect(
        refused.errors == """
          Error: 'a.mp4' needs ffmpeg, which is not on the PATH: install it, or name a .gif file

          """)

      // A program that writes its arguments and the number of bytes read to its last argument.
      try directory.program(
        "ffmpeg",
        """
        bytes=$(wc -c)
        for last; do :; done
        echo "$bytes $*" > "$last"
        """)
      let path = "\(directory.url.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
      let outcome = try evaluate(
        "--video", "a.mp4", "--max-episode-steps", "4", in: directory, environment: ["PATH": path])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let written = try String(contentsOfFile: directory.path("a.mp4"), encoding: .utf8)
      // Five pictures, and the last one for another half second.
      #expect(written.hasPrefix("\(600 * 400 * 3 * (5 + 15)) "))
      #expect(written.contains("-s 600x400 -r 30 -i pipe:0 "))
      #expect(directory.names == ["a.mp4", "ffmpeg", "run"])

      try directory.program("ffmpeg", "echo first >&2; echo no such codec >&2; exit 3")
      let failed = try evaluate(
        "--video", "b.mp4", "--max-episode-steps", "4", in: directory, environment: ["PATH": path])
      #expect(failed.exitCode == 1 && failed.errorLines.count == 1)
      #expect(failed.errors.contains(": no such codec; a .gif file can be written without it"))
      #expect(directory.names == ["a.mp4", "ffmpeg", "run"])
    }

    @Test func `a place that cannot be written to is found before anything is played`() throws {
      let directory = try trained()
      let outcome = try evaluate("--video", "nowhere/a.gif", in: directory)
      #expect(outcome.exitCode == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.contains("'nowhere'"))
    }

    @Test func `an environment is checked line by line`() throws {
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["check-env", "CartPole-v1", "--steps", "50"])
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty)
      let lines = outcome.output.split(separator: "\n")
      #expect(lines[0].hasPrefix("CartPole-v1: 170 steps, ") && lines[0].hasSuffix(" seed 0"))
      #expect(lines[1] == "spaces              ok" && lines[10] == "episode limit       ok")
      #expect(lines[11].hasPrefix("steps/s ") && lines.count == 12)

      let json = try RunningProgram.run(
        Executable.rlplay, ["check-env", "CartPole-v0", "--steps", "50", "--seed", "3", "--json"])
      #expect(json.json["sound"] as? Bool == true && json.json["seed"] as? Int == 3)
      #expect((json.json["findings"] as? [[String: Any]])?.count == 10)

      let unknown = try RunningProgram.run(Executable.rlplay, ["check-env", "CartPol-v1"])
      #expect(unknown.exitCode == 64 && unknown.errors.contains("Did you mean 'CartPole-v1'?"))
      #expect(unknown.errors.contains("Usage: rlplay check-env ID [options]"))
    }
  }
}

extension ScratchDirectory {
  /// Writes an executable shell script.
  fileprivate func program(_ name: String, _ script: String) throws {
    try ShellScript.write(script, to: path(name))
  }
}
