import Foundation
import Learner
import Rollout

/// The options of `rlplay export`.
struct ExportOptions: Equatable, Sendable {
  /// The run directory or checkpoint file; nil for the newest run.
  var target: String?
  /// The file for the ONNX model; nil for none.
  var model: String?
  /// The file for the C header; nil for none.
  var header: String?

  static let settings: [Setting<ExportOptions>] = [
    Setting(
      "onnx", "FILE", \.model, .optional(.text, orWord: "none"), in: .options,
      "Write the policy as an ONNX model: one step of any number of environments."),
    Setting(
      "header", "FILE", \.header, .optional(.text, orWord: "none"), in: .options,
      "Write the policy as a C header without dependencies: one step of one environment."),
  ]

  func validate() throws(ConfigurationError) {
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
}

extension Command {
  static let export = Command(
    name: "export",
    summary: "Write a trained policy for other programs, as an ONNX model or a C header.",
    argument: .checkpoint,
    options: CommandOption.all(ExportOptions.settings, defaults: ExportOptions()),
    interpret: { (parsed) throws(ConfigurationError) in
      var options = ExportOptions()
      options.target = parsed.argument
      try parsed.apply(ExportOptions.settings, to: &options)
      try options.validate()
      return .export(options)
    })
}
