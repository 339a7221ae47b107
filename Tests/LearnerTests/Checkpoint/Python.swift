import Foundation

/// The user's Python, to ask the reference implementations of what we write.
enum Python {
  /// Whether tests that need Python run: where it has the modules, and wherever it is said to be required.
  ///
  /// Continuous integration sets `RLPLAY_REQUIRE_PYTHON=1`, so that a missing module is a failure there and not a test
  /// left out.
  static let mayBeAsked =
    ProcessInfo.processInfo.environment["RLPLAY_REQUIRE_PYTHON"] == "1"
    || (try? run(["-c", "import numpy, safetensors.numpy"])) != nil

  /// Why a test was left out.
  static let absence = "python3 cannot import numpy and safetensors"

  /// Whether tests that need PyTorch run: it is large, so that nothing requires it.
  static let hasTorch =
    mayBeAsked && (try? run(["-c", "import torch, safetensors.torch"])) != nil

  /// Why a test was left out.
  static let absenceOfTorch = "python3 cannot import torch"

  /// A program that ended badly.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs `python3` and returns its standard output.
  ///
  /// - Throws: ``Failure`` with all of its output unless its exit code is 0.
  @discardableResult
  static func run(_ arguments: [String]) throws -> String {
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
  static func script(_ name: String) -> String {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Scripts/\(name)").path
  }
}
