import Foundation

/// The user's Python, to compare with reference implementations.
public enum Python {
  /// True if tests that need Python's safetensors run: if it is installed or required.
  ///
  /// Continuous integration sets `RLPLAY_REQUIRE_PYTHON=1`, which turns a missing module into a
  /// failure instead of a skipped test.
  public static let mayBeAsked = has("numpy, safetensors.numpy")

  /// True if tests that need Gymnasium run, likewise.
  public static let hasGymnasium = has("numpy, gymnasium")

  /// The reason for skipping a test that needs safetensors.
  public static let absence = "python3 cannot import numpy and safetensors"

  /// The reason for skipping a test that needs Gymnasium.
  public static let gymnasiumAbsence = "python3 cannot import gymnasium"

  /// True if tests that need TensorBoard and tbparse run, likewise.
  public static let hasTensorBoard = has("tensorboard, tbparse")

  /// The reason for skipping a test that needs TensorBoard.
  public static let tensorBoardAbsence = "python3 cannot import tensorboard and tbparse"

  /// True if tests that need ONNX and its runtime run, likewise.
  public static let hasONNX = has("onnx, onnxruntime, safetensors.numpy")

  /// The reason for skipping a test that needs ONNX.
  public static let onnxAbsence = "python3 cannot import onnx, onnxruntime and safetensors"

  /// True if tests that need MuJoCo with Gymnasium's models run, likewise.
  public static let hasMuJoCo = has("mujoco, imageio, gymnasium")

  /// The reason for skipping a test that needs MuJoCo.
  public static let mujocoAbsence = "python3 cannot import mujoco, imageio and gymnasium"

  /// The version of MuJoCo; empty if there is none.
  public static let mujocoVersion =
    hasMuJoCo
    ? (try? run(["-c", "import mujoco; print(mujoco.__version__, end='')"])) ?? "" : ""

  private static func has(_ modules: String) -> Bool {
    ProcessInfo.processInfo.environment["RLPLAY_REQUIRE_PYTHON"] == "1"
      || (try? run(["-c", "import \(modules)"])) != nil
  }

  /// True if tests that need PyTorch run; because of its size it is never required.
  public static let hasTorch =
    mayBeAsked && (try? run(["-c", "import torch, safetensors.torch"])) != nil

  /// The reason for skipping a test that needs PyTorch.
  public static let absenceOfTorch = "python3 cannot import torch"

  /// True if tests that need Atari's emulator and OpenCV run; they are never required.
  public static let hasAtari =
    hasGymnasium && (try? run(["-c", "import ale_py, cv2, gymnasium"])) != nil

  /// The reason for skipping a test that needs Atari's emulator and OpenCV.
  public static let atariAbsence =
    "python3 cannot import ale_py and cv2: pip install ale-py opencv-python-headless"

  /// The error of a program that failed.
  public struct Failure: Error, CustomStringConvertible {
    /// The program's output.
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

  /// Returns the path of the interpreter that `python3` starts.
  public static func path() throws -> String {
    try run(["-c", "import sys; print(sys.executable)"])
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Returns the path of a script of this repository.
  public static func script(_ name: String) -> String {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Scripts/\(name)").path
  }
}
