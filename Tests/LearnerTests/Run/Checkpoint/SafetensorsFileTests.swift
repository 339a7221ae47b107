import Foundation
import Learner
import Testing

@Suite struct SafetensorsFileTests {
  private let mixed = SafetensorsFile(
    tensors: [
      .init(name: "flags", shape: [3], values: [true, false, true]),
      .init(name: "b", shape: [], values: [Float(0.5)]),
      .init(name: "a", shape: [2, 1], values: [Float.nan, -0.0]),
      .init(name: "stream", shape: [2], values: [UInt64.max, 1]),
      .init(name: "bytes", shape: [1], values: [UInt8(200)]),
      .init(name: "whole", shape: [1], values: [Int64.min]),
      .init(name: "moment", shape: [1], values: [Double.pi]),
      .init(name: "empty", shape: [0, 4], values: [Int32]()),
    ],
    metadata: ["z": "1", "a": "é \" \\ \n"])

  @Test func `a tiny file is this, byte for byte`() {
    let file = SafetensorsFile(
      tensors: [.init(name: "w", shape: [1, 2], values: [Float(1), -2])],
      metadata: ["format": "rlplay"])
    // 91 characters of JSON, padded with 5 spaces to a multiple of 8.
    let header =
      #"{"__metadata__":{"format":"rlplay"},"#
      + #""w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"# + "     "
    var expected: [UInt8] = [96, 0, 0, 0, 0, 0, 0, 0]
    expected += Array(header.utf8)
    expected += [0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0xC0]
    #expect([UInt8](file.encoded()) == expected)
  }

  @Test func `a file without anything is an empty object`() throws {
    let bytes = SafetensorsFile(tensors: []).encoded()
    #expect([UInt8](bytes) == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
    #expect(try SafetensorsFile(decoding: bytes) == SafetensorsFile(tensors: []))
  }

  @Test func `the order is that of alignment, then of names`() throws {
    let names = try SafetensorsFile(decoding: mixed.encoded()).tensors.map(\.name)
    #expect(names == ["stream", "whole", "moment", "a", "b", "empty", "bytes", "flags"])
  }

  @Test func `names are ordered by their bytes and kept apart by them`() throws {
    // Swift considers the two é equal, but the file has two different names.
    let names = ["Z", "a", "e\u{301}", "\u{E9}"]
    let file = SafetensorsFile(
      tensors: names.reversed().map { .init(name: $0, shape: [1], values: [Float(1)]) })
    let read = try SafetensorsFile(decoding: file.encoded())
    #expect(read.tensors.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
  }

  @Test func `what was written is read, bit for bit`() throws {
    let read = try SafetensorsFile(decoding: mixed.encoded())
    #expect(read.metadata == mixed.metadata)
    #expect(read.tensors.count == mixed.tensors.count)
    for tensor in mixed.tensors { #expect(read[tensor.name] == tensor) }
    #expect(read["stream"]?.values(of: UInt64.self) == [.max, 1])
    #expect(read["whole"]?.values(of: Int64.self) == [.min])
    #expect(read["moment"]?.values(of: Double.self) == [.pi])
    #expect(read["flags"]?.values(of: Bool.self) == [true, false, true])
    #expect(read["bytes"]?.values(of: UInt8.self) == [200])
    #expect(read["empty"]?.values(of: Int32.self) == [])
    #expect(read["a"]?.values(of: Float.self)?.map(\.bitPattern) == [0x7FC0_0000, 0x8000_0000])
    #expect(read["a"]?.values(of: Double.self) == nil)
    #expect(read["missing"] == nil)
  }

  @Test func `equal content gives equal bytes in whatever order it was added`() {
    var other = SafetensorsFile(tensors: mixed.tensors.reversed())
    for key in mixed.metadata.keys.sorted(by: >) { other.metadata[key] = mixed.metadata[key] }
    #expect(other.encoded() == mixed.encoded())
  }

  @Test(arguments: 0..<24)
  func `the data begin at a multiple of eight`(length: Int) {
    let name = String(repeating: "n", count: length)
    let bytes = SafetensorsFile(tensors: [.init(name: name, shape: [1], values: [1.0])]).encoded()
    #expect(bytes.count % 8 == 0)
    #expect(bytes[0] % 8 == 0)
  }

  @Test func `bytes in the middle of others are read as well`() throws {
    let slice = (Data([1, 2, 3]) + mixed.encoded()).dropFirst(3)
    #expect(try SafetensorsFile(decoding: slice)["whole"]?.values(of: Int64.self) == [.min])
  }
}
