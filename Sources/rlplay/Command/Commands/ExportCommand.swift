import Actor
import Foundation
import Learner
import Rollout

/// `rlplay export`.
struct ExportCommand: Subcommand, Equatable {
  /// The run directory or checkpoint file; nil for the newest run.
  var target: String?
  /// The file for the ONNX model; nil for none.
  var model: String?
  /// The file for the C header; nil for none.
  var header: String?

  static let settings: [Setting<ExportCommand>] = [
    Setting(
      "onnx", "FILE", \.model, .optional(.text, orWord: "none"), in: .options,
      "Write the policy as an ONNX model: one step of any number of environments."),
    Setting(
      "header", "FILE", \.header, .optional(.text, orWord: "none"), in: .options,
      "Write the policy as a C header without dependencies: one step of one environment."),
  ]

  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError) {
    target = parsed.argument
    guard model != nil || header != nil else {
      throw ConfigurationError(
        "Neither --onnx nor --header is given: name the file to write, such as --onnx policy.onnx.",
        option: "onnx")
    }
    if let model, let header,
      URL(fileURLWithPath: model).standardized == URL(fileURLWithPath: header).standardized
    {
      throw ConfigurationError(
        "--onnx and --header are both '\(model)': name two files.", option: "header")
    }
  }

  func run() throws -> Int32 {
    let source = try RunDirectory.resolve(target)
    // Both files are made before one is written.
    let (player, exported, files) = try source.using { player in
      let exported = try player.exported()
      var files: [(path: String, format: String, data: Data)] = []
      if let path = model {
        files.append((path, "opset \(ExportedPolicy.opset)", Data(try exported.onnx())))
      }
      if let path = header {
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        files.append((path, "C99", Data(exported.header(named: name).utf8)))
      }
      return (player, exported, files)
    }
    for file in files { try AtomicFile.write(file.data, to: URL(fileURLWithPath: file.path)) }
    print("\(source.checkpoint.relativePath.escapingControls): \(player.environment)")
    print(Self.table(of: exported))
    let wrappers =
      player.environment.gymnasiumWrappers + player.environment.wrappers.map(\.description)
    if !wrappers.isEmpty {
      print("observations are those after \(wrappers.joined(separator: ", ").escapingControls)")
    }
    for file in files {
      let size = NumberText.grouped(file.data.count)
      print("wrote \(file.path.escapingControls): \(file.format), \(size) bytes")
    }
    return 0
  }

  /// Returns a line for each input and output: its name, type, shape and use.
  private static func table(of exported: ExportedPolicy) -> String {
    let rows =
      exported.inputs.map { value in
        [
          "input", value.name, value.type,
          value.isCarried ? "next.\(value.name) of the last step" : "",
        ]
      }
      + exported.outputs.map { value in
        let isAction = value.name == "action" || value.name.hasPrefix("action.")
        return ["output", value.name, value.type, isAction ? "the most likely action" : ""]
      }
    let escaped = rows.map { $0.map(\.escapingControls) }
    let widths = (0..<3).map { column in escaped.map { $0[column].count }.max() ?? 0 }
    return escaped.map { row in
      let columns = zip(row, widths + [0]).map { NumberText.left($0, $1) }
      return columns.joined(separator: "   ").trimmingCharacters(in: .whitespaces)
    }.joined(separator: "\n")
  }
}

extension ExportedPolicy.Value {
  /// The element type and the shape, such as `float32 [4]`.
  fileprivate var type: String {
    shape.isEmpty ? elementType.rawValue : "\(elementType.rawValue) \(shape)"
  }
}

extension Command {
  static let export = Command(
    ExportCommand.self,
    name: "export",
    summary: "Write a trained policy for other programs, as an ONNX model or a C header.",
    argument: .checkpoint)
}
