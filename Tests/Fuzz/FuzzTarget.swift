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
      rewrite(data, read: { try SafetensorsFile(decoding: $0) }, write: { $0.encoded() })
    },
    FuzzTarget(name: "state") { data in
      // A renewed checksum lets mutations reach what lies behind it.
      guard let file = try? SafetensorsFile(decoding: data) else { return }
      _ = try? RunState(decoding: file.encodedWithChecksum())
    },
    FuzzTarget(name: "json") { data in
      rewrite(data, read: { try TrainingConfiguration(json: $0) }, write: { $0.json() })
    },
    FuzzTarget(name: "wrappers") { data in
      rewrite(
        data, read: { try Wrapper.list(parsing: String(decoding: $0, as: UTF8.self)) },
        write: { Data($0.map(\.description).joined(separator: ",").utf8) })
    },
    FuzzTarget(name: "command") { data in
      let arguments = data.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
      // A file that an argument names is not part of the input.
      guard !arguments.contains(where: { $0.hasPrefix("--config") }) else { return }
      _ = try? Program.parse(arguments)
    },
  ]

  /// Reads an input and, if it is accepted, checks that it reads back as it is written.
  private static func rewrite<Value>(
    _ input: Data, read: (Data) throws -> Value, write: (Value) -> Data
  ) {
    guard let value = try? read(input) else { return }
    let written = write(value)
    let text = String(decoding: written.prefix(1000), as: UTF8.self)
    guard let again = try? read(written) else { fatalError("refused once it is written: \(text)") }
    guard write(again) == written else { fatalError("changes when it is written again: \(text)") }
  }

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
