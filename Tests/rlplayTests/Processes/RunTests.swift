import Foundation
import Learner
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of whole runs: their files, output and reproducibility.
  struct RunTests {
    private func object(_ text: some StringProtocol) throws -> [String: Any] {
      let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
      return try #require(json as? [String: Any])
    }

    @Test func `a run leaves its options, metrics and checkpoints, and can be evaluated`() throws {
      let directory = try ScratchDirectory()
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--steps", "100000", "--eval-every", "50000", "--json", "--seed", "5"],
        in: directory.url)
      #expect(outcome.exitCode == 0)
      #expect(
        Set(outcome.json.keys) == [
          "env_steps", "updates", "skipped_updates", "seconds", "steps_per_second",
          "worker_restarts", "mean_lag", "max_lag", "dropped_fragments", "eval_return",
          "best_return", "best_steps", "best_checkpoint", "collapsed_at", "run_dir", "seed",
        ])
      #expect(outcome.count("env_steps") == 100_000)
      #expect(outcome.count("updates") == 250)
      #expect(outcome.count("seed") == 5)

      let path = try #require(outcome.json["run_dir"] as? String)
      #expect(path.hasPrefix("runs/CartPole-v1-reinforce-5-"))
      let run = directory.url.appendingPathComponent(path)
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.path).count == 6)
      for name in ["last", "best"] {
        _ = try Checkpoint.load(
          from: run.appendingPathComponent("checkpoints/\(name).safetensors"))
      }
      let log = run.appendingPathComponent("metrics.jsonl")
      let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
      let records = try lines.map { try object($0) }
      #expect(records.contains { $0["eval_return"] is Double })
      #expect(records.contains { $0["loss"] is Double && $0["entropy"] is Double })
      #expect(records.last?["env_steps"] as? Int == 100_000)
      // The histograms of all lines count every fragment's lag and every step's ratio once.
      for (name, count) in [("lag_histogram", 500), ("rho_histogram", 100_000)] {
        let histograms = records.compactMap { $0[name] as? [String: Int] }
        #expect(histograms.reduce(0) { $0 + $1.values.reduce(0, +) } == count, "\(name)")
      }

      let targets = [[], [path], ["\(path)/checkpoints/last.safetensors"]]
      for target in targets {
        let evaluation = try RunningProgram.run(
          Executable.rlplay, ["evaluate", "--episodes", "3", "--json"] + target, in: directory.url)
        #expect(evaluation.exitCode == 0, "\(evaluation.errors)")
        #expect(evaluation.count("episodes") == 3)
        #expect(
          Set(evaluation.json.keys) == [
            "episodes", "mean_return", "std_return", "min_return", "max_return", "mean_length",
            "truncated_episodes",
          ])
      }
    }

    @Test func `a run ends with its best checkpoint and the command that plays it`() throws {
      let directory = try ScratchDirectory()
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--steps", "4000", "--eval-every", "2000", "--eval-episodes", "2", "--quiet",
          "--collector", "same", "--run-dir", "a run",
        ], in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.count == 4, "\(lines)")
      let best = try #require(lines.dropLast().last)
      #expect(best.hasPrefix("best evaluation return "), "\(best)")
      #expect(best.hasSuffix(" steps, in a run/checkpoints/best.safetensors"), "\(best)")
      #expect(lines.last == "play it with: rlplay evaluate 'a run'")
      let evaluation = try RunningProgram.run(
        Executable.rlplay, ["evaluate", "a run", "--episodes", "2"], in: directory.url)
      #expect(evaluation.exitCode == 0, "\(evaluation.errors)")
    }

    /// Training with the defaults ends solved, not only at some moment of the run.
    ///
    /// An eighth of the default steps is harder than all of them.
    @Test(arguments: [1, 2, 3]) func `the default run ends solved`(seed: Int) throws {
      let directory = try ScratchDirectory()
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--deterministic", "--seed", "\(seed)", "--steps", "500000", "--quiet", "--json",
          "--run-dir", directory.path("run"),
        ], in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      let last = try #require(outcome.json["eval_return"] as? Double)
      #expect(last >= 475)
      #expect(outcome.json["collapsed_at"] is NSNull)
    }

    @Test func `a run's own file of options repeats it byte for byte`() throws {
      let directory = try ScratchDirectory()
      func weights(_ name: String, _ options: String...) throws -> Data {
        let outcome = try RunningProgram.run(
          Executable.rlplay,
          ["train", "--quiet", "--run-dir", directory.path(name)] + options, in: directory.url)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        return try Data(
          contentsOf: directory.url.appendingPathComponent("\(name)/checkpoints/last.safetensors"))
      }
      let first = try weights(
        "first", "--deterministic", "--steps", "40000", "--seed", "3", "--eval-every", "0")
      #expect(try weights("second", "--config", directory.path("first/config.json")) == first)
      let other = try weights(
        "other", "--config", directory.path("first/config.json"), "--seed", "4")
      #expect(other != first)
    }

    @Test func `without a terminal progress is whole lines, and none when quiet`() throws {
      let directory = try ScratchDirectory()
      let plain = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--steps", "100000", "--eval-every", "0", "--run-dir", directory.path("plain")])
      #expect(plain.exitCode == 0)
      #expect(plain.errors.hasSuffix("\n"))
      #expect(plain.errors.contains("100,000"))
      #expect(!plain.errors.contains("\r") && !plain.errors.contains("\u{1B}"))
      let quiet = try ProcessTests.train("--steps", "100000", in: directory).waitForEnd()
      #expect(quiet.errors.isEmpty)
      #expect(quiet.output.split(separator: "\n").count == 1)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
    func `on a terminal one line is drawn over`() throws {
      let directory = try ScratchDirectory()
      let command =
        "\(try Executable.rlplay.path) train --steps 400000 --eval-every 0 "
        + "--run-dir \(directory.path("run"))"
      let outcome = try RunningProgram.run(
        URL(fileURLWithPath: "/usr/bin/script"), ["-qec", command, directory.path("typescript")],
        environment: ["TERM": "xterm"])
      #expect(outcome.exitCode == 0)
      let shown = try String(contentsOfFile: directory.path("typescript"), encoding: .utf8)
      #expect(shown.components(separatedBy: "\r\u{1B}[K").count > 2)
    }

    @Test func `a run goes on when nobody reads what it says`() throws {
      let directory = try ScratchDirectory()
      // The reader exits after the first byte; later writes to either stream fail.
      let command =
        "{ \(try Executable.rlplay.path) train --steps 1000000 --eval-every 0 "
        + "--run-dir \(directory.path("run")) 2>&1; echo $? > \(directory.path("code")); } "
        + "| head -c 1 > /dev/null"
      let outcome = try RunningProgram.run(
        URL(fileURLWithPath: "/bin/sh"), ["-c", command], in: directory.url)
      #expect(outcome.exitCode == 0)
      // The run is whole, and its summary could not be written.
      #expect(try String(contentsOfFile: directory.path("code"), encoding: .utf8) == "1\n")
      let last = directory.url.appendingPathComponent("run/checkpoints/last.safetensors")
      #expect(try Checkpoint.load(from: last).metadata["env_steps"] == "1000000")
    }
  }
}
