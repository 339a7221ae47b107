import Foundation
import Learner
import TestSupport
import Testing

@Suite struct CheckpointTests {
  private let checkpoint = Checkpoint(
    metadata: [
      Checkpoint.Key.environment: "CartPole-v1", Checkpoint.Key.maxEpisodeSteps: "500",
      Checkpoint.Key.policy: #"{"hidden":[2]}"#, Checkpoint.Key.updates: "12",
    ],
    parameters: [
      .init(name: "2.weight", shape: [1, 2], values: [5, 6]),
      .init(name: "0.weight", shape: [2, 1], values: [1, 2]),
      .init(name: "0.bias", shape: [2], values: [3, 4]),
    ])

  private func mismatch(_ expected: [(name: String, shape: [Int])]) -> String? {
    do {
      _ = try checkpoint.parameters(matching: expected)
      return nil
    } catch {
      return error.code == .mismatched ? error.description : "\(error.code)"
    }
  }

  @Test func `what was saved is loaded`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("last.safetensors")
      try checkpoint.save(to: url)
      let read = try Checkpoint.load(from: url)
      #expect(read.metadata == checkpoint.metadata)
      #expect(read.metadata["format"] == "rlplay")
      #expect(read.parameters == checkpoint.parameters.sorted { $0.name < $1.name })
      #expect(try read.requiredMetadata(Checkpoint.Key.environment) == "CartPole-v1")
    }
  }

  @Test func `equal parameters give equal files`() throws {
    try withTemporaryDirectory { directory in
      let urls = ["a", "b"].map { directory.appendingPathComponent($0) }
      try checkpoint.save(to: urls[0])
      try Checkpoint(metadata: checkpoint.metadata, parameters: checkpoint.parameters.reversed())
        .save(to: urls[1])
      #expect(try Data(contentsOf: urls[0]) == Data(contentsOf: urls[1]))
    }
  }

  @Test func `the parameters come in the order that the network has them`() throws {
    let vector = try checkpoint.parameters(matching: [
      ("0.weight", [2, 1]), ("0.bias", [2]), ("2.weight", [1, 2]),
    ])
    #expect(vector == [1, 2, 3, 4, 5, 6])
  }

  @Test func `a checkpoint of another network is told by every difference`() {
    #expect(
      mismatch([("0.weight", [1, 2]), ("0.bias", [2]), ("2.bias", [1])])
        == "it belongs to another network: it lacks '2.bias' [1];"
        + " it has the unknown '2.weight' [1, 2]; it has '0.weight' [2, 1] and not [1, 2]")
    #expect(
      mismatch([("0.weight", [2, 1]), ("0.bias", [2])])
        == "it belongs to another network: it has the unknown '2.weight' [1, 2]")
  }

  @Test func `a long list of differences is cut`() {
    let expected = checkpoint.parameters.map { (name: $0.name, shape: $0.shape) }
    let more = (0..<6).map { (name: "more.\($0)", shape: [1]) }
    #expect(
      mismatch(expected + more)
        == "it belongs to another network: it lacks 'more.0' [1], 'more.1' [1], 'more.2' [1],"
        + " 'more.3' [1] and 2 more")
  }

  @Test func `an unusable file is named in the sentence`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("last.safetensors")
      func message() -> String? {
        do {
          _ = try Checkpoint.load(from: url)
          return nil
        } catch {
          return error.description
        }
      }
      let opening = "cannot use the checkpoint '\(url.path)': "
      #expect(message() == opening + "No such file or directory")
      try checkpoint.encoded().dropLast(5).write(to: url)
      #expect(
        message() == opening + "it is truncated: its tensors have 24 bytes, of which 19 are there")
      try SafetensorsFile(tensors: [.init(name: "n", shape: [1], values: [Int64(1)])]).encoded()
        .write(to: url)
      #expect(message() == opening + "tensor 'n' is I64, and parameters are F32")
    }
  }

  @Test func `a directory is no checkpoint`() throws {
    try withTemporaryDirectory { directory in
      let error = #expect(throws: CheckpointError.self) {
        _ = try Checkpoint.load(from: directory)
      }
      #expect(error?.code == .unreadable)
      #expect(error?.reason == "Is a directory")
    }
  }

  @Test func `metadata that are missing are named`() {
    let error = #expect(throws: CheckpointError.self) {
      _ = try checkpoint.requiredMetadata(Checkpoint.Key.algorithm)
    }
    #expect(
      error?.description == "its metadata lack 'algorithm', which rlplay train writes")
  }
}
