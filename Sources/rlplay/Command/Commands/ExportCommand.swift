import Actor
import Foundation
import Learner
import Rollout

/// Runs `rlplay export`.
enum ExportCommand {
  static func run(_ options: ExportOptions) throws -> Int32 {
    let source = try RunDirectory.resolve(options.target)
    // Both files are made before one is written.
    let (player, exported, files) = try source.using { player in
      let exported = try player.exported()
      var files: [(path: String, format: String, data: Data)] = []
      if let path = options.model {
        files.append((path, "opset \(ExportedPolicy.opset)", Data(try exported.onnx())))
      }
      if let path = options.header {
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        files.append((path, "C99", Data(exported.header(named: name).utf8)))
      }
      return (player, exported, files)
    }
    for file in files { try AtomicFile.write(file.data, to: URL(fileURLWithPath: file.path)) }
    print("\(source.checkpoint.relativePath.escapingControls): \(player.environment)")
    print(table(of: exported))
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
