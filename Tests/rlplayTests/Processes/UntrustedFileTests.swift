import Foundation
import Glibc
import Learner
import TestSupport
import Testing

extension ProcessTests {
  /// Files of others are data: what they name is started with the user's consent alone.
  struct UntrustedFileTests {
    let directory: ScratchDirectory
    /// A directory for PATH whose `python3` tells that it ran.
    private let bin: String

    init() throws {
      directory = try ScratchDirectory()
      bin = directory.path("bin")
      let run = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--collector", "same", "--hidden", "none", "--steps", "2000"]
          + ["--eval-every", "0", "--quiet", "--run-dir", "good"], in: directory.url)
      #expect(run.exitCode == 0, "\(run.errors)")
      try FileManager.default.createDirectory(
        atPath: bin, withIntermediateDirectories: true)
      for name in ["bin/python3", "tool"] {
        try ShellScript.write("touch '\(directory.path("RAN"))'", to: directory.path(name))
      }
    }

    private var hasRun: Bool { FileManager.default.fileExists(atPath: directory.path("RAN")) }

    private func run(_ arguments: [String]) throws -> RunningProgram.Outcome {
      try RunningProgram.run(
        Executable.rlplay, arguments, in: directory.url,
        environment: ["PATH": "\(bin):/usr/bin:/bin"])
    }

    /// Leaves a checkpoint that names an environment, and a run whose state and configuration do.
    private func forge(_ environment: String, python: String = "python3") throws {
      let good = directory.url.appending(path: "good/checkpoints")
      try rewrite(
        good.appending(path: "last.safetensors"), to: directory.url.appending(path: "a.safetensors")
      ) { $0.metadata["environment"] = environment }
      let forged = directory.url.appending(path: "forged")
      try FileManager.default.copyItem(at: directory.url.appending(path: "good"), to: forged)
      func change(_ text: String) throws -> String {
        var options =
          try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        options["env"] = environment
        options["python"] = python
        options["steps"] = 4000
        return String(decoding: try JSONSerialization.data(withJSONObject: options), as: UTF8.self)
      }
      let state = forged.appending(path: "checkpoints/state.safetensors")
      try rewrite(state, to: state) {
        $0.metadata["configuration"] = try change(try #require($0.metadata["configuration"]))
      }
      let configuration = forged.appending(path: "config.json")
      try change(String(contentsOf: configuration, encoding: .utf8))
        .write(to: configuration, atomically: true, encoding: .utf8)
      try rewrite(
        good.appending(path: "last.safetensors"),
        to: forged.appending(path: "checkpoints/last.safetensors")
      ) { $0.metadata["environment"] = environment }
    }

    @Test func `what a file names is not started without consent`() throws {
      try forge("gym:payload:X-v0", python: "./tool")
      let described = try run(["describe", "a.safetensors"])
      #expect(described.exitCode == 0, "\(described.errors)")
      #expect(described.output.contains("gym:payload:X-v0"))
      #expect(described.output.contains("logits"))
      let exported = try run(["export", "a.safetensors", "--onnx", "a.onnx", "--header", "a.h"])
      #expect(exported.exitCode == 0, "\(exported.errors)")
      for (arguments, start) in [
        (["evaluate", "a.safetensors", "--episodes", "2"], "evaluate --trust a.safetensors "),
        (["evaluate", "forged"], "evaluate --trust --python ./tool forged"),
        (["train", "--resume", "forged"], "train --trust --python ./tool --resume forged"),
      ] {
        let outcome = try run(arguments)
        let command = try "\(Executable.rlplay.path) \(start)"
        #expect(outcome.exitCode == 64)
        #expect(outcome.errorLines[0].contains("'payload:X-v0'"), "\(outcome.errors)")
        #expect(outcome.errorLines[0].contains(command), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
      }
      #expect(!hasRun)
    }

    @Test func `consent starts Python, and never the interpreter of a file`() throws {
      try forge("gym:payload:X-v0", python: "./tool")
      try FileManager.default.removeItem(atPath: directory.path("tool"))
      for arguments in [
        ["evaluate", "a.safetensors", "--trust"],
        ["evaluate", "a.safetensors", "--env", "gym:payload:X-v0"],
        ["train", "--resume", "forged", "--trust"],
        ["train", "--resume", "forged", "--env", "gym:payload:X-v0"],
      ] {
        let outcome = try run(arguments)
        #expect(outcome.exitCode != 0)
        #expect(hasRun, "\(arguments): \(outcome.errors)")
        try? FileManager.default.removeItem(atPath: directory.path("RAN"))
      }
    }

    @Test func `the variable RLPLAY_PYTHON names an interpreter`() throws {
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["train", "--env", "gym:CartPole-v1"], in: directory.url,
        environment: ["RLPLAY_PYTHON": directory.path("tool")])
      #expect(outcome.exitCode != 0)
      #expect(hasRun, "\(outcome.errors)")
    }

    @Test func `an environment can be named for a checkpoint if it has the same spaces`() throws {
      try forge("gym:payload:X-v0")
      let outcome = try run(
        ["evaluate", "a.safetensors", "--env", "CartPole-v0", "--episodes", "2", "--json"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let other = try run(["evaluate", "a.safetensors", "--env", "Acrobot-v1"])
      #expect(other.exitCode == 64)
      #expect(other.errors.contains("name an environment with these spaces"), "\(other.errors)")
      let resumed = try run(["train", "--resume", "forged", "--env", "CartPole-v1"])
      #expect(resumed.exitCode == 64)
      #expect(
        resumed.errors.contains("is not the environment of the run, which is gym:payload:X-v0"))
      let plain = try run(["train", "--trust"])
      #expect(plain.exitCode == 64)
      #expect(plain.errors.contains("--trust is for --resume"), "\(plain.errors)")
      #expect(!hasRun)
    }

    @Test func `text of a file is shown with its control characters escaped`() throws {
      let id = "gym:\u{1B}[2J\nError:\u{9B}31m\u{202E}"
      try forge(id)
      for arguments in [
        ["describe", "a.safetensors"], ["describe", "a.safetensors", "--json"],
        ["export", "a.safetensors", "--header", "a.h"],
        ["evaluate", "a.safetensors"], ["evaluate", "a.safetensors", "--env", id],
        ["train", "--resume", "forged"],
      ] {
        let outcome = try run(arguments)
        let text = outcome.output + outcome.errors
        for control in ["\u{1B}", "\u{9B}", "\u{202E}", "\nError:"] {
          #expect(!text.contains(control), "\(arguments): \(text.debugDescription)")
        }
        #expect(text.contains("[2J") || arguments.contains("--env"), "\(arguments): \(text)")
      }
    }

    @Test func `a link in a run is not followed, and nothing is changed`() throws {
      let notes = directory.url.appending(path: "notes")
      let run = directory.url.appending(path: "good")
      let manager = FileManager.default
      for name in ["metrics.jsonl", "config.json", "checkpoints/state.safetensors", "checkpoints"] {
        let copy = directory.url.appending(path: "copy")
        try manager.copyItem(at: run, to: copy)
        try Data("my notes".utf8).write(to: notes)
        let place = copy.appending(path: name)
        let target = name == "checkpoints" ? run.appending(path: name) : notes
        try manager.removeItem(at: place)
        try manager.createSymbolicLink(at: place, withDestinationURL: target)
        let before = try Data(contentsOf: run.appending(path: "checkpoints/state.safetensors"))
        let outcome = try self.run(["train", "--resume", "copy", "--steps", "4000", "--quiet"])
        #expect(outcome.exitCode == 1, "\(name)")
        #expect(outcome.errors.contains("is a symbolic link"), "\(outcome.errors)")
        #expect(try String(contentsOf: notes, encoding: .utf8) == "my notes")
        #expect(
          try Data(contentsOf: run.appending(path: "checkpoints/state.safetensors")) == before)
        try manager.removeItem(at: copy)
      }
    }

    @Test func `a pipe in place of a file that is read is refused and not waited for`() throws {
      #expect(mkfifo(directory.path("pipe"), 0o644) == 0)
      for command in ["train --config", "evaluate", "describe"] {
        let arguments = command.split(separator: " ").map(String.init) + ["pipe"]
        let outcome = try run(arguments)
        #expect(outcome.exitCode != 0, "\(arguments)")
        #expect(outcome.errors.contains("it is a pipe or a device and not a file"), "\(arguments)")
      }
      for name in ["config.json", "metrics.jsonl"] {
        unlink(directory.path("good/\(name)"))
        #expect(mkfifo(directory.path("good/\(name)"), 0o644) == 0)
      }
      for arguments in [["describe", "good"], ["runs", "."], ["report", "good", "--no-episode"]] {
        let outcome = try run(arguments)
        #expect(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
      }
      let page = try String(contentsOfFile: directory.path("good/report.html"), encoding: .utf8)
      #expect(page.components(separatedBy: "it is a pipe or a device and not a file").count == 3)
    }

    @Test func `a pipe in a run is refused and not waited for`() throws {
      let metrics = directory.path("good/metrics.jsonl")
      unlink(metrics)
      #expect(mkfifo(metrics, 0o644) == 0)
      let outcome = try run(["train", "--resume", "good", "--steps", "4000", "--quiet"])
      #expect(outcome.exitCode == 1)
      #expect(outcome.errors.contains("metrics.jsonl' is not a file"), "\(outcome.errors)")
    }
  }
}
