import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Standard output and error that cannot be written to.
  struct OutputTests {
    private static let bash = URL(fileURLWithPath: "/bin/bash")

    /// Runs the command by a shell, which knows it as `$RLPLAY`.
    private func run(_ script: String, in directory: ScratchDirectory) throws
      -> RunningProgram.Outcome
    {
      try RunningProgram.run(
        Self.bash, ["-c", script], in: directory.url,
        environment: ["RLPLAY": Executable.rlplay.path])
    }

    private static let train =
      "train --quiet --actors 1 --buffers 2 --steps 1200 --eval-every 0 --seed 1 --run-dir run"

    @Test func `a result that cannot be written is a failure in every command`() throws {
      let directory = try ScratchDirectory()
      let trained = try run("\"$RLPLAY\" \(Self.train)", in: directory)
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let commands = [
        "train --quiet --actors 1 --buffers 2 --steps 1000 --eval-every 0 --seed 1 --json",
        "train --quiet --actors 1 --buffers 2 --steps 1000 --eval-every 0 --seed 1",
        "train --resume run --steps 2000", "evaluate run --episodes 1",
        "evaluate run --episodes 1 --json", "describe run", "describe run --json", "envs",
        "envs --json", "bench --only cartpole_step --seconds 0.01",
        "bench --only cartpole_step --seconds 0.01 --json",
        "check-env CartPole-v1 --steps 100", "check-env CartPole-v1 --steps 100 --json", "help",
        "--help", "train --help", "--version", "",
      ]
      for command in commands {
        let outcome = try run("exec \"$RLPLAY\" \(command) >/dev/full", in: directory)
        #expect(outcome.exitCode == 1, "\(command): \(outcome.errors)")
        #expect(
          outcome.errorLines.last == """
            Error: the result could not be written to standard output: write failed: No space \
            left on device (errno 28).
            """, "\(command): \(outcome.errors)")
      }
    }

    @Test func `pictures that cannot be written end the evaluation`() throws {
      let directory = try ScratchDirectory()
      #expect(try run("\"$RLPLAY\" \(Self.train)", in: directory).exitCode == 0)
      let outcome = try run(
        "exec \"$RLPLAY\" evaluate run --episodes 1 --render >/dev/full", in: directory)
      #expect(outcome.exitCode == 1)
      #expect(outcome.errors.contains("No space left on device"), "\(outcome.errors)")
    }

    @Test func `a pipe that nobody reads is an error and not a silent death`() throws {
      let directory = try ScratchDirectory()
      let outcome = try run(
        "exec 3> >(true); wait $!; exec \"$RLPLAY\" \(Self.train) --json >&3", in: directory)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorLines == [
          """
          Error: the result could not be written to standard output: write failed: Broken pipe \
          (errno 32).
          """
        ])
      #expect(directory.names.contains("run"))
    }

    @Test func `progress that nobody reads is dropped`() throws {
      let directory = try ScratchDirectory()
      let command = Self.train.replacing("--quiet ", with: "")
      let outcome = try run(
        "exec 3> >(true); wait $!; exec \"$RLPLAY\" \(command) --json 2>&3", in: directory)
      #expect(outcome.exitCode == 0)
      #expect(outcome.count("env_steps") == 1200)
    }

    @Test func `a limit on the size of files is an error and not a silent death`() throws {
      let directory = try ScratchDirectory()
      // A build that counts executed lines would fail to write its counts, and say so.
      let outcome = try run(
        "ulimit -f 4; LLVM_PROFILE_FILE=/dev/null exec \"$RLPLAY\" \(Self.train) --hidden 256,256",
        in: directory)
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("Error: "))
      #expect(outcome.errors.contains("File too large"), "\(outcome.errors)")
    }
  }
}
