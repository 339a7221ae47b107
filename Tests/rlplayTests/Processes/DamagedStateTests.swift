import Foundation
import Learner
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of impossible numbers in states and checkpoints.
  ///
  /// They are refused in a sentence, with a right or a wrong checksum.
  struct DamagedStateTests {
    private static let largest = "9223372036854775807"

    /// Changes of a state: metadata key and path, or a tensor and the bytes of each element.
    static let stateChanges: [(place: String, value: String)] = [
      ("told/recentReturns/next", "1000"), ("told/seconds", "1e300"), ("told/seconds", "-1"),
      ("told/seconds", "\"nan\""), ("told/episodesTaken/0", "18446744073709551615"),
      ("run/nextEvaluation", "-1"), ("run/skipped/inARow", largest),
      ("collector/progress/turns", "-5"), ("collector/progress/turns", "3"),
      ("collector/progress/turns", largest), ("collector/progress/steps", largest),
      ("collector/progress/lagSum", "-1"), ("collector/progress/episodes", largest),
      ("collector/progress/fragments", "7"), ("collector/schedule/fixed/_0/workerCount", "0"),
      ("collector/schedule/fixed/_0/lag", "-9223372036854775808"),
      ("collector/schedule/fixed/_0/lag", largest),
      ("collector/workers/0/nextFragment", largest), ("collector/workers/0/nextFragment", "-1"),
      ("collector/workers/0/incarnation", "4294967295"), ("collector/workers/0/streams", "7"),
      ("collector/workers/0/episodes", "18446744073709551615"),
      ("configuration/hidden", "[16384, 16384]"), ("configuration/envs-per-actor", "65536"),
      ("tensor/updates", "ffffffffffffff7f"), ("tensor/updates", "0500000000000000"),
      ("tensor/skipped_updates", "ffffffffffffff7f"),
      ("tensor/optimizer.step_count", "ffffffffffffff7f"),
      ("tensor/optimizer.mean", "0000c07f"), ("tensor/optimizer.mean_square", "000080bf"),
      ("tensor/collector.snapshot.0", "ff"), ("tensor/weights.logits.weight", "0000c07f"),
      ("tensor/weights.logits.bias", "0000807f"),
    ]

    private func train(_ directory: ScratchDirectory, _ options: [String]) throws {
      let run = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--collector", "same", "--hidden", "none", "--seed", "3", "--eval-every", "0"]
          + ["--quiet", "--run-dir", "good"] + options, in: directory.url)
      #expect(run.exitCode == 0, "\(run.errors)")
    }

    /// Resumes a run with a changed state.
    ///
    /// Expects a sentence that names the file, and an unchanged run.
    private func expectRefusal(
      of change: (place: String, value: String), _ checksum: ForeignChecksum,
      in directory: ScratchDirectory
    ) throws {
      let manager = FileManager.default
      let run = directory.url.appending(path: "run")
      try? manager.removeItem(at: run)
      try manager.copyItem(at: directory.url.appending(path: "good"), to: run)
      let state = run.appending(path: "checkpoints/state.safetensors")
      try rewrite(state, to: state, checksum) { try $0.change(change.place, to: change.value) }
      let before = try manager.contentsOfTree(run)
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["train", "--resume", "run", "--steps", "4000", "--quiet"],
        in: directory.url)
      let text = "\(change) \(checksum): \(outcome.errors)"
      #expect(outcome.exitCode == 1, "\(text)")
      #expect(outcome.errors.contains("state.safetensors"), "\(text)")
      #expect(outcome.errorLines.count == 1, "\(text)")
      #expect(try manager.contentsOfTree(run) == before, "\(text)")
    }

    @Test(arguments: [ForeignChecksum.renewed, .stale, .absent])
    func `a number that cannot be is refused and nothing is touched`(
      checksum: ForeignChecksum
    ) throws {
      let directory = try ScratchDirectory()
      try train(directory, ["--envs-per-actor", "2", "--steps", "2000", "--lag", "1"])
      // What the checksum finds needs no more than a few of them.
      for change in checksum == .renewed ? Self.stateChanges[...] : Self.stateChanges.suffix(4) {
        try expectRefusal(of: change, checksum, in: directory)
      }
    }

    @Test func `what Q-learning keeps is checked before it is drawn`() throws {
      let directory = try ScratchDirectory()
      try train(
        directory,
        ["--algorithm", "dqn", "--env", "Corridor-v0", "--integer-inputs", "one-hot"]
          + ["--steps", "2000", "--replay-steps", "400", "--learning-starts", "100"])
      for change in [
        ("tensor/replay.batches", "ff"), ("tensor/replay.next", "ff00000000000000"),
        ("tensor/replay.batch_count", "ffffffffffffff7f"), ("tensor/replay.random", "00"),
        ("tensor/replay.steps", "ffffffffffffff7f"),
      ] {
        try expectRefusal(of: change, .renewed, in: directory)
      }
    }

    @Test func `passes over a batch need an order of its environments`() throws {
      let directory = try ScratchDirectory()
      try train(directory, ["--algorithm", "ppo", "--fragments-per-batch", "1", "--steps", "2000"])
      try expectRefusal(of: ("tensor/minibatches.order", "07000000"), .renewed, in: directory)
      try expectRefusal(of: ("tensor/minibatches.order", "00000080"), .renewed, in: directory)
      try expectRefusal(of: ("tensor/minibatches.random", "00"), .renewed, in: directory)
    }

    /// Built-in environments of all kinds of state, with wrappers.
    @Test(arguments: [
      ["--env", "Cube2x2-v0", "--wrap", "frame-stack=2"],
      ["--env", "Corridor-v0", "--wrap", "random-noops=3"], ["--env", "Acrobot-v1"],
      ["--env", "CartPoleNoVel-v1", "--wrap", "time-limit=9"],
      ["--env", "Acrobot-v1", "--envs-per-actor", "2"],
      ["--recurrent", "gru", "--recurrent-size", "8"],
    ])
    func `a snapshot of impossible bytes is refused`(options: [String]) throws {
      let directory = try ScratchDirectory()
      try train(directory, ["--steps", "2000"] + options)
      for bytes in ["ff", "7f", "80"] {
        try expectRefusal(of: ("tensor/collector.snapshot.0", bytes), .renewed, in: directory)
      }
    }

    @Test func `odd sizes and weights of a checkpoint are refused before they are made`() throws {
      let directory = try ScratchDirectory()
      try train(directory, ["--steps", "2000"])
      let good = directory.url.appending(path: "good/checkpoints/last.safetensors")
      for change in [
        ("policy/recurrentLayers", "-1"), ("policy/recurrentLayers", "2147483648"),
        ("policy/recurrentLayers", "4611686018427387904"), ("policy/embeddingWidth", "-1"),
        ("policy/embeddingWidth", "4611686018427387904"), ("policy/hidden", "[1048576, 1048576]"),
        ("policy/hidden", "[-1]"), ("policy/recurrentSize", "0"),
        ("spaces/observation/shape", "[4611686018427387904, 4]"),
        ("spaces/observation/shape", "[-4]"), ("spaces/action/count", "0"),
        ("spaces/action/count", "1099511627776"),
        ("tensor/logits.weight", "0000c07f"), ("tensor/logits.bias", "000080ff"),
      ] {
        for checksum in [ForeignChecksum.renewed, .absent, .stale] {
          try rewrite(good, to: directory.url.appending(path: "c.safetensors"), checksum) {
            try $0.change(change.0, to: change.1)
          }
          for command in [["describe"], ["evaluate", "--episodes", "1"]] {
            let outcome = try RunningProgram.run(
              Executable.rlplay, command + ["c.safetensors"], in: directory.url)
            let text = "\(change) \(checksum): \(outcome.errors)"
            #expect(outcome.exitCode == 1, "\(text)")
            #expect(outcome.errors.contains("c.safetensors"), "\(text)")
            if change.0.hasPrefix("tensor/"), checksum != .stale {
              let name = change.0.dropFirst("tensor/".count)
              #expect(outcome.errors.contains("its parameter '\(name)' is "), "\(text)")
            }
          }
        }
      }
      // A checkpoint of an earlier release has neither spaces nor a checksum.
      try rewrite(good, to: directory.url.appending(path: "c.safetensors"), .absent) {
        $0.metadata["spaces"] = nil
      }
      for command in ["describe", "evaluate"] {
        let outcome = try RunningProgram.run(
          Executable.rlplay, [command, "c.safetensors"], in: directory.url)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
      }
    }
  }
}

/// The checksum of a file that a test changes.
enum ForeignChecksum {
  /// That of the new content.
  case renewed
  /// One of other content.
  case stale
  case absent
}

/// Changes a safetensors file.
func rewrite(
  _ source: URL, to target: URL, _ checksum: ForeignChecksum = .renewed,
  _ change: (inout SafetensorsFile) throws -> Void
) throws {
  var file = try SafetensorsFile(decoding: Data(contentsOf: source))
  try change(&file)
  if checksum == .stale { file.metadata["checksum"] = "crc32:00000000" }
  let data = checksum == .renewed ? file.encodedWithChecksum() : file.encoded()
  try data.write(to: target)
}

extension SafetensorsFile {
  /// Sets a value: `key/path/in/its/json` to JSON, or `tensor/name` to the bytes of every element.
  fileprivate mutating func change(_ place: String, to value: String) throws {
    let parts = place.split(separator: "/").map(String.init)
    guard parts[0] == "tensor" else {
      let text = try #require(metadata[parts[0]])
      // Before the JSON there may be a policy's kind.
      let start = try #require(text.firstIndex(of: "{"))
      let json = try JSONSerialization.jsonObject(with: Data(text[start...].utf8))
      let new = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
      let changed = try Self.setting(json, parts.dropFirst(), to: new)
      let data = try JSONSerialization.data(withJSONObject: changed, options: .sortedKeys)
      metadata[parts[0]] = text[..<start] + String(decoding: data, as: UTF8.self)
      return
    }
    let index = try #require(tensors.firstIndex { $0.name == parts[1] })
    let digits = Array(value)
    let element = stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0
    }
    let old = tensors[index]
    let bytes = (0..<old.bytes.count).map { element[$0 % element.count] }
    tensors[index] = try Self.tensor(like: old, bytes)
  }

  private static func setting(
    _ json: Any, _ path: ArraySlice<String>, to value: Any
  ) throws -> Any {
    guard let key = path.first else { return value }
    if var list = json as? [Any], let index = Int(key) {
      list[index] = try setting(list[index], path.dropFirst(), to: value)
      return list
    }
    var object = try #require(json as? [String: Any])
    object[key] = try setting(object[key] ?? NSNull(), path.dropFirst(), to: value)
    return object
  }

  /// A tensor of the same type and shape with other bytes.
  private static func tensor(like old: Tensor, _ bytes: [UInt8]) throws -> Tensor {
    func make<Element: SafetensorsElement>(_ type: Element.Type) -> Tensor {
      let width = MemoryLayout<Element.Bits>.size
      let values = bytes.withUnsafeBytes { raw in
        (0..<raw.count / width).map {
          Element(
            safetensorsBits: raw.loadUnaligned(fromByteOffset: $0 * width, as: Element.Bits.self))
        }
      }
      return Tensor(name: old.name, shape: old.shape, values: values)
    }
    return switch old.type {
    case .bool: make(Bool.self)
    case .uint8: make(UInt8.self)
    case .int32: make(Int32.self)
    case .float32: make(Float.self)
    case .float64: make(Double.self)
    case .int64: make(Int64.self)
    case .uint64: make(UInt64.self)
    }
  }
}

extension FileManager {
  /// The bytes of all files below a directory, by path.
  fileprivate func contentsOfTree(_ url: URL) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for path in try subpathsOfDirectory(atPath: url.path) {
      contents[path] = self.contents(atPath: url.appending(path: path).path) ?? Data()
    }
    return contents
  }
}
