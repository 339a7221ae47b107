import Foundation

extension BridgeProcess {
  /// The settings that the bridge reads first.
  struct Settings: Encodable {
    /// The environment's id for Gymnasium, with the module to import.
    var id: String
    /// B, the number of environments.
    var count: Int
    /// The limit of an episode in steps; `nil` for the registered limit, 0 for none.
    var limit: Int?
    /// True if pictures will be requested.
    var rendering: Bool
    /// The keyword arguments for making the environment, as JSON.
    var arguments: String
    /// The class of each wrapper and its keyword arguments as JSON, the innermost first.
    var wrappers: [[String]]
    /// True if `info["lives"]` must be a number of lives.
    var needsLives = false
    /// The paths of the numbers in `info` to record.
    var information: [String] = []
    /// The pid of this process.
    var process = SystemCalls.processIdentifier
    /// The descriptor of a pipe's read end; the pipe closes with this process.
    var life: Int32 = -1

    init(
      id: String, count: Int, limit: Int?, rendering: Bool, arguments: KeywordArguments,
      wrappers: [PythonCall], needsLives: Bool = false, information: [String] = []
    ) {
      (self.id, self.count, self.limit, self.rendering) = (id, count, limit, rendering)
      self.arguments = arguments.json
      self.wrappers = wrappers.map { [$0.target, $0.arguments.json] }
      (self.needsLives, self.information) = (needsLives, information)
    }
  }

  /// An error in Python, as reported by the bridge.
  struct Fault: Decodable {
    var kind: GymnasiumError.Kind
    var text: String
    var traceback: String
    /// The environment's index; −1 if the error concerns none in particular.
    var environment: Int
    /// The operation: `step`, `reset`, `reset after step` or `render`.
    var phase: String

    var error: GymnasiumError {
      let lines = traceback.isEmpty ? "" : "\n" + traceback.trimmingCharacters(in: .newlines)
      return GymnasiumError(kind, text + lines)
    }
  }
}
