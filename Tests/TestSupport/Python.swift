import Foundation

/// The user's Python, to ask the reference implementations of what we write.
public enum Python {
  /// Whether tests that need Python's safetensors run: where they are there, and wherever Python is said to be required.
  ///
  /// Continuous integration sets `RLPLAY_REQUIRE_PYTHON=1`, so that a missing module is a failure there and not a test
  /// left out.
  public static let mayBeAsked = has("numpy, safetensors.numpy")

  /// Whether tests that need Gymnasium run, likewise.
  public static let hasGymnasium = has("numpy, gymnasium")

  /// Why a test that needs safetensors was left out.
  public static let absence = "python3 cannot import numpy and safetensors"

  /// Why a test that needs Gymnasium was left out.
  public static let gymnasiumAbsence = "python3 cannot import gymnasium"

  private static func has(_ modules: String) -> Bool {
    ProcessInfo.processInfo.environment["RLPLAY_REQUIRE_PYTHON"] == "1"
      || (try? run(["-c", "import \(modules)"])) != nil
  }

  /// Whether tests that need PyTorch run: it is large, so that nothing requires it.
  public static let hasTorch =
    mayBeAsked && (try? run(["-c", "import torch, safetensors.torch"])) != nil

  /// Why a test that needs PyTorch was left out.
  public static let absenceOfTorch = "python3 cannot import torch"

  /// A program that ended badly.
  public struct Failure: Error, CustomStringConvertible {
    /// All that it said.
    public let description: String
  }

  /// Runs `python3` and returns its standard output.
  ///
  /// - Throws: ``Failure`` with all of its output unless its exit code is 0.
  @discardableResult
  public static func run(_ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    let errors = FileManager.default.temporaryDirectory
      .appendingPathComponent("rlplay-python-\(UUID().uuidString)")
    try Data().write(to: errors)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: bytes, as: UTF8.self)
    guard process.terminationStatus == 0 else {
      let complaint = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
      throw Failure(
        description: "python3 ended with \(process.terminationStatus):\n\(text)\(complaint)")
    }
    return text
  }

  /// A script of this repository.
  public static func script(_ name: String) -> String {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Scripts/\(name)").path
  }
}
