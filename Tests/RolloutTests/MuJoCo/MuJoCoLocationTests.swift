import Foundation
import TestSupport
import Testing

@testable import Rollout

/// The search for MuJoCo's library and models.
@Suite(.timeLimit(.minutes(10)))
struct MuJoCoLocationTests {
  /// Writes an interpreter that prints some lines in place of the packages.
  private func interpreter(in directory: URL, printing lines: String) throws -> String {
    let path = directory.appendingPathComponent("python-\(UUID().uuidString)").path
    try ShellScript.write("cat <<'end'\n\(lines)\nend", to: path)
    return path
  }

  @Test func `the newest library and Gymnasium's models are found in the packages`() throws {
    try withTemporaryDirectory { directory in
      let package = directory.appendingPathComponent("mujoco").path
      let assets = directory.appendingPathComponent("gymnasium/envs/mujoco/assets").path
      for path in [package, assets] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      for name in ["libmujoco.so.3.9.0", "libmujoco.so.3.17.0", "libmujoco_other.so.9"] {
        try Data().write(to: URL(fileURLWithPath: "\(package)/\(name)"))
      }
      let python = try interpreter(
        in: directory,
        printing: "a line of another kind\nmujoco\t/nowhere\nmujoco\t\(package)\n"
          + "gymnasium\t\(directory.path)/gymnasium")
      let files = try MuJoCoLocation.find(python)
      #expect(files.library == "\(package)/libmujoco.so.3.17.0")
      #expect(files.modelDirectories == [assets])

      // It is looked for once, and handed to other processes.
      try FileManager.default.removeItem(atPath: python)
      #expect(try MuJoCoLocation.find(python) == files)
      for id in ["mujoco:Ant-v5", "Ant-v5"] {
        let description = RunDescription(
          environment: EnvironmentConfiguration(id, python: python), environmentCount: 1,
          stepCount: 1, policy: "", seed: 1, schedule: .free)
        let read = try RunDescription(decoding: description.encoded)
        #expect(read.environment.mujoco == files)
      }
    }
  }

  @Test func `a Python without MuJoCo is refused with the command that installs it`() throws {
    try withTemporaryDirectory { directory in
      let python = try interpreter(in: directory, printing: "gymnasium\t/nowhere")
      let error = #expect(throws: GymnasiumError.self) {
        try EnvironmentConfiguration("mujoco:Ant-v5", python: python).spaces()
      }
      #expect(error?.kind == .python)
      #expect(
        error?.description == "\(python) has no package mujoco: install it with 'python3 -m pip "
          + "install mujoco gymnasium', name another interpreter with --python PATH, or a library "
          + "with the variable RLPLAY_MUJOCO")
    }
  }

  @Test func `a file that is no library is refused`() throws {
    try withTemporaryDirectory { directory in
      let path = directory.appendingPathComponent("libmujoco.so").path
      try Data("no library".utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: GymnasiumError.self) { try MuJoCoLibrary.open(path) }
      #expect(error?.description.contains("cannot be opened (\(path): ") == true)
    }
    // A library without MuJoCo's functions.
    let error = #expect(throws: GymnasiumError.self) { try MuJoCoLibrary.open("libc.so.6") }
    #expect(error?.description.contains("libc.so.6 has no mj_versionString") == true)
  }

  @Test(.enabled(if: Python.hasMuJoCo, "\(Python.mujocoAbsence)"))
  func `a variable names the library and models`() async throws {
    let found = try MuJoCoLocation.find("python3")
    await #expect(processExitsWith: .success) { [library = found.library as String] in
      try withTemporaryDirectory { directory in
        func find(_ places: String) throws -> MuJoCoLocation {
          setenv("RLPLAY_MUJOCO", places, 1)
          return try MuJoCoLocation.find("/no/python \(places)")
        }
        let parent = URL(fileURLWithPath: library).deletingLastPathComponent().path
        let alone = try find(library)
        precondition(alone.library == library)
        let both = try find("\(directory.path):\(parent)")
        precondition(both.library == library)
        precondition(both.modelDirectories == [directory.path, parent])
        do {
          _ = try find(directory.path)
          fatalError("no library was found")
        } catch let error as GymnasiumError {
          precondition(
            error.description == "RLPLAY_MUJOCO=\(directory.path) has no libmujoco.so: name a "
              + "library, or a directory with one")
        }
      }
    }
  }

  @Test func `a task needs no prefix, unless its name is taken`() throws {
    let registry = EnvironmentRegistry()
    let task = try registry.environment("Swimmer-v5")
    #expect(try task.summary == registry.environment("mujoco:Swimmer-v5").summary)
    try registry.register("Swimmer-v5", summary: "Another lake.") { CartPole() }
    #expect(try registry.environment("Swimmer-v5").summary == "Another lake.")
    #expect(try registry.environment("mujoco:Swimmer-v5").summary == task.summary)
    #expect(EnvironmentConfiguration("Swimmer-v5").usesPython)
    #expect(!EnvironmentConfiguration("CartPole-v1").usesPython)
  }

  @Test func `names that are almost those of tasks are refused with the right one`() {
    func refusal(_ id: String) -> String? {
      #expect(throws: UnknownEnvironment.self) { try EnvironmentConfiguration(id).validate() }?
        .description
    }
    for id in ["halfcheetah-v5", "mujoco:HalfCheetah", "mujoco:halfcheetah-v5"] {
      #expect(refusal(id)?.hasSuffix("Did you mean 'mujoco:HalfCheetah-v5'?") == true)
    }
    #expect(
      refusal("mujoco:Zebra-v5")?.contains(
        "mujoco:Walker2d-v5, and mujoco:FILE.xml for a model of your own.") == true)
  }
}
