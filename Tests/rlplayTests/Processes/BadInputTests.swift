import Foundation
import Learner
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Tests that invalid input results in one clear error and leaves no incomplete files.
  struct BadInputTests {
    /// Wrong command lines with words of the error.
    static let wrong: [(arguments: [String], words: String)] = [
      (["train", "--actor", "4"], "Unknown option '--actor'. Did you mean '--actors'?"),
      (["train", "--env", "CartPole-v2"], "'CartPole-v2'"),
      (["train", "--env", "Cartpol-v1"], "Did you mean 'CartPole-v1'?"),
      (["train", "--buffers", "4"], "--buffers 4 is too few for --actors 16"),
      (["train", "--actors", "0"], "--actors 0"),
      (["train", "--gamma", "1.5"], "--gamma 1.5"),
      (["train", "--steps", "many"], "many"),
      (
        ["train", "--algorithm", "dqn", "--steps", "1000"],
        "--learning-starts 1000 leaves none of --steps 1000 for learning"
      ),
      (
        ["train", "--algorithm", "td3", "--env", "CartPole-v1"],
        "TD3 acts in a Box of float32 or float64, not in Discrete(2)"
      ),
      (
        [
          "train", "--algorithm", "sac", "--env", "CartPole-v1", "--target-entropy", "-1",
        ], "--target-entropy -1 is no fraction of the largest entropy of 2 actions: use 0 to 1"
      ),
      // About 37 kB per step.
      (
        [
          "train", "--algorithm", "dqn", "--env", "Cube2x2-v0", "--wrap", "frame-stack=16",
          "--envs-per-actor", "1", "--fragment-steps", "1", "--replay-steps", "1e9",
        ], "--replay-steps 1000000000 needs "
      ),
      (["train", "--config", "absent.json"], "absent.json"),
      (["train", "--inputs", "obs,ract"], "Did you mean act?"),
      (
        ["train", "--baseline", "none", "--bootstrap", "learner"],
        "leave it out, or use --baseline value."
      ),
      (["train", "--torso", "nature"], "the torso nature is for images"),
      (["train", "--wrap", "frame-stak=4"], "Did you mean frame-stack?"),
      (
        ["train", "--wrap", "reward-sign", "--wrap", "frame-stack=0"],
        "'frame-stack=0', but frame-stack needs a whole number from 1"
      ),
      (
        ["train", "--wrap", "gray-scale"],
        "the wrapper gray-scale cannot be applied: the observation is Box(-inf, inf, [4], float32)"
      ),
      (
        ["train", "--wrap", "observation-normalization", "--wrap", "frame-stack=4"],
        "--wrap observation-normalization applies to the output of all other wrappers: name it "
      ),
      (
        ["train", "--wrap", "reward-normalization,reward-normalization=0.9"],
        "--wrap reward-normalization applies to the output of all other wrappers: name it once"
      ),
      (
        ["train", "--env", "Corridor-v0", "--wrap", "observation-normalization"],
        "observation-normalization is for a Box of float32 or float64, but no input is one"
      ),
      (
        ["check-env", "CartPole-v1", "--wrap", "reward-normalization"],
        "reward-normalization cannot wrap an environment, because the learner keeps its statistics"
      ),
      (["train", "--env", "Nowhere-v0"], "gym:ID for those of Gymnasium, and mujoco:ID for those"),
      (
        ["train", "--env", "Corridor-v0", "--env-args", "size=1"],
        "size=1 is out of range for Corridor-v0: use 2 to 10000."
      ),
      (
        ["train", "--env", "Corridor-v0", "--env-args", "length=9"],
        "Corridor-v0 has no parameter 'length'; it has size, goal."
      ),
      (["check-env", "Corridor-v0", "--env-args", "size=8,goal=8"], "use 1 to 7."),
      (["check-env", "CartPole-v1", "--wrap", "gray-scale"], "gray-scale cannot be applied"),
      (["check-env", "CartPole-v1", "--wrap", "frame-stack=2@x"], "leave '@x' out"),
      (["check-env", "gym:CartPole-v1", "--python", "/nowhere"], "no program '/nowhere'"),
      (["tain"], "Did you mean 'train'?"),
      (["describe", "--jsn"], "Unknown option '--jsn'. Did you mean '--json'?"),
      (["describe", "one", "two"], "Unexpected argument 'two'."),
      (["evaluate", "--episodes", "0"], "--episodes 0"),
    ]

    @Test(arguments: wrong.indices)
    func `a wrong command line is refused before anything is made`(index: Int) throws {
      let (arguments, words) = Self.wrong[index]
      let directory = try ScratchDirectory()
      let outcome = try RunningProgram.run(Executable.rlplay, arguments, in: directory.url)
      #expect(outcome.exitCode == 64)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.hasPrefix("Error: "))
      #expect(outcome.errorLines[0].contains(words), "\(outcome.errors)")
      #expect(outcome.errorLines.count <= 4)
      #expect(directory.names.isEmpty)
    }

    private func expectFailure(
      _ arguments: [String], in directory: ScratchDirectory, _ words: String...
    ) throws {
      let before = directory.names
      let program = try RunningProgram(Executable.rlplay, arguments, in: directory.url)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 1, "\(outcome.errors)")
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("Error: "))
      for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
      #expect(directory.names == before)
      #expect(program.family.isEmpty)
    }

    @Test func `a run directory below a file is refused`() throws {
      let directory = try ScratchDirectory()
      try Data("mine".utf8).write(to: directory.url.appendingPathComponent("file"))
      try expectFailure(
        ["train", "--run-dir", directory.path("file/run")], in: directory, "file")
      #expect(try String(contentsOfFile: directory.path("file"), encoding: .utf8) == "mine")
    }

    @Test func `a run directory that holds something is refused and left alone`() throws {
      let directory = try ScratchDirectory()
      try Data("{}".utf8).write(to: directory.url.appendingPathComponent("config.json"))
      try expectFailure(
        ["train", "--run-dir", directory.url.path], in: directory, "already holds a run")
      #expect(try String(contentsOfFile: directory.path("config.json"), encoding: .utf8) == "{}")
    }

    @Test func `too little shared memory is told in bytes, and leaves no run behind`() throws {
      let directory = try ScratchDirectory()
      try expectFailure(
        [
          "train", "--fragment-steps", "65536", "--envs-per-actor", "65536",
          "--fragments-per-batch", "1", "--buffers", "16", "--run-dir", directory.path("run"),
        ],
        in: directory, "bytes wanted", "bytes free in /dev/shm", "fewer or smaller fragments")
      try expectFailure(
        ["train", "--fragment-steps", "65536", "--envs-per-actor", "65536"], in: directory,
        "bytes free in /dev/shm")
    }

    // MARK: Checkpoints

    /// A checkpoint whose policy has another width than its tensors.
    private func changed(_ bytes: Data, renewing: Bool) throws -> Data {
      var file = try SafetensorsFile(decoding: bytes)
      file.metadata["policy"] = file.metadata["policy"]?.replacing("[32]", with: "[48]")
      if renewing { return file.encodedWithChecksum() }
      file.metadata["checksum"] = "crc32:00000000"
      return file.encoded()
    }

    @Test func `what is no checkpoint is refused and left alone`() throws {
      let directory = try ScratchDirectory()
      let run = try ProcessTests.train("--steps", "4000", in: directory).waitForEnd()
      #expect(run.exitCode == 0)
      let good = directory.url.appendingPathComponent("run/checkpoints/last.safetensors")
      let bytes = try Data(contentsOf: good)

      func refuse(_ name: String, _ content: Data, _ words: String) throws {
        let url = directory.url.appendingPathComponent(name)
        try content.write(to: url)
        try expectFailure(["evaluate", name], in: directory, name, words)
        try expectFailure(["describe", name], in: directory, name, words)
        #expect(try Data(contentsOf: url) == content)
      }
      try refuse("cut.safetensors", bytes.dropLast(4), "bytes")
      try refuse("cut-in-header.safetensors", bytes.prefix(40), "header")
      try refuse("empty.safetensors", Data(), "8")
      try refuse("text.safetensors", Data("These are no weights at all.".utf8), "safetensors")

      // The policy in the metadata gets a width other than the tensors'; the length is unchanged.
      try refuse("other.safetensors", changed(bytes, renewing: false), "it is damaged")
      try refuse("other.safetensors", changed(bytes, renewing: true), "another network")

      try expectFailure(["evaluate", "absent"], in: directory, "'absent'")
      try FileManager.default.createDirectory(
        at: directory.url.appendingPathComponent("empty"), withIntermediateDirectories: true)
      try expectFailure(["evaluate", "empty"], in: directory, "empty")
      try expectFailure(["describe", "empty"], in: directory, "empty")
      try expectFailure(["evaluate"], in: try ScratchDirectory(), "run")
      #expect(try Data(contentsOf: good) == bytes)
    }
  }
}
