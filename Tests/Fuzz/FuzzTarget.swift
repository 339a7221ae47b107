import Foundation
import Rollout

@testable import Learner
@testable import RolloutCommand

/// A parser that libFuzzer calls with arbitrary bytes.
///
/// The environment variable `RLPLAY_FUZZ_TARGET` selects one by name. A parser may refuse its
/// input, but must neither trap nor hang. Accepted input has to survive being written and read.
struct FuzzTarget: Sendable {
  let name: String
  let run: @Sendable (Data) -> Void

  static let all = [
    FuzzTarget(name: "safetensors") { data in
      guard let file = try? SafetensorsFile(decoding: data) else { return }
      let written = file.encoded()
      guard let again = try? SafetensorsFile(decoding: written) else {
        fatalError("a file that was accepted is refused when it is written again")
      }
      guard again.encoded() == written else {
        fatalError("a file changes when it is written again")
      }
    },
    FuzzTarget(name: "state") { data in
      // A renewed checksum lets mutations reach what lies behind it.
      guard let file = try? SafetensorsFile(decoding: data) else { return }
      _ = try? RunState(decoding: file.encodedWithChecksum())
    },
    FuzzTarget(name: "json") { data in
      guard let configuration = try? TrainingConfiguration(json: data) else { return }
      let written = configuration.json()
      guard let again = try? TrainingConfiguration(json: written) else {
        fatalError("options that were accepted are refused when they are written again")
      }
      guard again.json() == written else {
        fatalError("options change when they are written again")
      }
    },
    FuzzTarget(name: "wrappers") { data in
      guard let wrappers = try? Wrapper.list(parsing: String(decoding: data, as: UTF8.self)) else {
        return
      }
      let written = wrappers.map(\.description).joined(separator: ",")
      guard let again = try? Wrapper.list(parsing: written) else {
        fatalError("'\(written)' was accepted, and is refused when it is written again")
      }
      guard again.map(\.description) == wrappers.map(\.description) else {
        fatalError("'\(written)' changes when it is written again")
      }
    },
    FuzzTarget(name: "command") { data in
      let arguments = data.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
      // A file that an argument names is not part of the input.
      guard !arguments.contains(where: { $0.hasPrefix("--config") }) else { return }
      _ = try? Invocation.parse(arguments)
    },
  ]

  /// The target that the environment variable names.
  static let selected: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["RLPLAY_FUZZ_TARGET"] ?? ""
    guard let target = all.first(where: { $0.name == name }) else {
      fatalError(
        "RLPLAY_FUZZ_TARGET is '\(name)': use one of \(all.map(\.name).joined(separator: ", "))")
    }
    return target
  }()
}

/// Runs the selected target on one input; libFuzzer's main calls it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzTarget.selected.run(bytes.map { Data(bytes: $0, count: count) } ?? Data())
  return 0
}
