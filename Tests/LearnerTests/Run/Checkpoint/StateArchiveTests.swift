import Foundation
import Learner
import Rollout
import Testing

struct StateArchiveTests {
  /// A state with one part of each kind.
  private final class Parts: Restorable {
    var count = 0
    var rate = 0.0
    var stream = PCG64(seed: 1)
    var list: [Float] = []
    let vector = FlatVector<Int32>(repeating: 0, count: 6)

    func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
      try archive.transfer("count", &count)
      try archive.transfer("rate", &rate)
      try archive.transfer("stream", &stream)
      try archive.transfer("list", elements: &list)
      try archive.transfer("vector", elementsOf: vector, 2..<6, shape: [2, 2])
    }
  }

  private func saved() throws -> (parts: Parts, tensors: [SafetensorsFile.Tensor]) {
    let parts = Parts()
    parts.count = -7
    parts.rate = -0.0
    _ = parts.stream.next()
    parts.list = [.nan, 2]
    parts.vector.assign([9, 9, 1, 2, 3, 4])
    var archive = StateArchive()
    try parts.transfer(&archive)
    let data = SafetensorsFile(tensors: archive.tensors).encoded()
    return (parts, try SafetensorsFile(decoding: data).tensors)
  }

  @Test func `parts come back bit for bit, through a file`() throws {
    let (parts, tensors) = try saved()
    let other = Parts()
    var archive = StateArchive(restoring: tensors)
    try other.transfer(&archive)
    try archive.finish()
    #expect(other.count == -7 && other.rate.sign == .minus && other.stream == parts.stream)
    #expect(other.list.map(\.bitPattern) == parts.list.map(\.bitPattern))
    #expect(other.vector.elements == [0, 0, 1, 2, 3, 4])
    #expect(tensors.first { $0.name == "vector" }?.shape == [2, 2])
  }

  @Test func `what is missing, of another kind or superfluous is refused by name`() throws {
    let tensors = try saved().tensors
    func refusal(_ tensors: [SafetensorsFile.Tensor]) -> String {
      do {
        var archive = StateArchive(restoring: tensors)
        try Parts().transfer(&archive)
        try archive.finish()
        return "none"
      } catch {
        return "\(error)"
      }
    }
    let others = tensors.filter { $0.name != "vector" }
    #expect(refusal(others) == "it lacks the tensor 'vector'")
    let flat = SafetensorsFile.Tensor(name: "vector", shape: [4], values: [Int32](1...4))
    #expect(refusal(others + [flat]) == "tensor 'vector' has the shape [4] and not [2, 2]")
    let real = SafetensorsFile.Tensor(name: "vector", shape: [2, 2], values: [Float](0..<4))
    #expect(refusal(others + [real]) == "tensor 'vector' is F32 and not I32")
    let more = SafetensorsFile.Tensor(name: "more", shape: [1], values: [Float](0..<1))
    #expect(
      refusal(tensors + [more]) == "it has the tensor 'more', which its options do not use")
  }
}

extension Array where Element == Float {
  fileprivate init(_ range: Range<Int>) { self = range.map { Float($0) } }
}
