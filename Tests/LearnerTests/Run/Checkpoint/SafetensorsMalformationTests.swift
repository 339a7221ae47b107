import Foundation
import Learner
import Testing

/// Tests of every malformation of a file and its error message.
@Suite struct SafetensorsMalformationTests {
  private func file(_ header: String, dataByteCount: Int = 0) -> Data {
    var bytes = Data([UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)])
    bytes += Data(count: 6) + Data(header.utf8) + Data(count: dataByteCount)
    return bytes
  }

  private func failure(_ data: Data) -> CheckpointError? {
    do {
      _ = try SafetensorsFile(decoding: data)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: 0..<8)
  func `a file without a length is too short`(count: Int) {
    let error = failure(Data(count: count))
    #expect(error?.code == .truncated)
    #expect(
      error?.reason == "it has \(count) bytes, and safetensors start with 8 bytes of length")
  }

  @Test func `another kind of file is recognized by its first bytes`() {
    let error = failure(Data("PK\u{3}\u{4} a file that torch.save has written".utf8))
    #expect(error?.code == .notSafetensors)
    #expect(
      error?.reason
        == "it is not a safetensors file: it starts with the bytes 50 4b 03 04 20 61 20 66 69,"
        + " and the ninth should be 7b, '{'")
  }

  @Test func `a header beyond the limit is refused before it is read`() {
    var data = Data([1, 0xE1, 0xF5, 5, 0, 0, 0, 0]) + Data("{".utf8)
    #expect(
      failure(data)?.reason
        == "it is not a safetensors file: a header of 100000001 bytes exceeds the limit of"
        + " 100000000")
    data = Data(repeating: 0xFF, count: 8) + Data("{".utf8)
    #expect(failure(data)?.code == .notSafetensors)
  }

  @Test func `a header that ends too early gives both figures`() {
    let error = failure(file(#"{"a":"#).dropLast(2))
    #expect(error?.code == .truncated)
    #expect(error?.reason == "it is truncated: its header has 5 bytes, of which 3 are there")
    #expect(failure(Data(count: 8))?.reason == "it is not a safetensors file: its header is empty")
  }

  @Test func `data that end too early or too late give both figures`() {
    let header = #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#
    #expect(failure(file(header, dataByteCount: 16)) == nil)
    let short = failure(file(header, dataByteCount: 9))
    #expect(short?.code == .truncated)
    #expect(short?.reason == "it is truncated: its tensors have 16 bytes, of which 9 are there")
    let long = failure(file(header, dataByteCount: 17))
    #expect(long?.code == .malformed)
    #expect(long?.reason == "it is too long: its tensors have 16 bytes, and 17 are there")
  }

  @Test(arguments: [
    ("{", "no '\"' at byte 1"), ("{} x", "something after its end, at byte 3"),
    ("{]", "no '\"' at byte 1"), (#"{"a"}"#, "no ':' at byte 4"),
    (#"{"a":[]}"#, "no '{' at byte 5"),
    (#"{"__metadata__":{},}"#, "no '\"' at byte 19"), (#"{"a"#, "a string without end at byte 3"),
    (#"{"a\"#, "a string without end at byte 4"), (#"{"\x"#, "an unknown escape before byte 4"),
    (#"{"\u12"#, "an unknown escape at byte 4"), ("{\"\n", "a control character"),
    (#"{"\ud800""#, "half a surrogate pair before byte 8"), (#"{"\udc00\ud800""#, "half a surr"),
    (#"{"__metadata__":{"a":1}}"#, "no '\"' at byte 21"),
  ])
  func `what is not JSON of this shape is refused at its byte`(header: String, finding: String) {
    let error = failure(file(header))
    #expect(error?.code == .malformed)
    #expect(error?.reason.contains(finding) == true, "\(error?.reason ?? "")")
  }

  private let entry = #"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#

  @Test func `a string that is not UTF-8 is refused`() {
    let error = failure(file("{\"?\":\(entry)}").replacing(0x3F, with: 0xFF))
    #expect(error?.reason.contains("a string that is not UTF-8") == true)
  }

  @Test func `two tensors of one name are refused`() {
    let error = failure(file("{\"a\":\(entry),\"b\":\(entry),\"a\":\(entry)}"))
    #expect(error?.reason == "its header has two entries named 'a'")
    // The same name, spelled once with an escape.
    #expect(failure(file("{\"a\":\(entry),\"\\u0061\":\(entry)}"))?.code == .malformed)
    let metadata = failure(file(#"{"__metadata__":{"k":"1","k":"2"}}"#))
    #expect(metadata?.reason == "its metadata have two entries named 'k'")
  }

  @Test(arguments: [
    (#"{"shape":[0],"data_offsets":[0,0]}"#, "the entry of tensor 't' lacks one of"),
    (#"{"dtype":"F32","dtype":"F32"}"#, "the entry of tensor 't' has 'dtype' twice"),
    (#"{"strides":[1]}"#, "the entry of tensor 't' has an unknown 'strides'"),
    (
      #"{"dtype":"BF16","shape":[0],"data_offsets":[0,0]}"#,
      "tensor 't' has the unknown element type 'BF16' (known: BOOL, U8, I32, F32, F64, I64, U64)"
    ),
    (
      #"{"dtype":"F32","shape":[0],"data_offsets":[4,0]}"#,
      "tensor 't' has the data offsets [4, 0], which are not [begin, end]"
    ),
    (#"{"dtype":"F32","shape":[0],"data_offsets":[0]}"#, "which are not [begin, end]"),
    (
      #"{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}"#,
      "tensor 't' of type F32 and shape [2, 3] needs 24 bytes, and the header gives it 20"
    ),
    (
      #"{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#,
      "tensor 't' of shape [4294967296, 4294967296] is larger than any memory"
    ),
  ])
  func `an entry that contradicts itself is refused`(entry: String, reason: String) {
    let error = failure(file("{\"t\":\(entry)}", dataByteCount: 20))
    #expect(error?.code == .malformed)
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
  }

  @Test(arguments: ["-1", "1.0", "1e2", "01", "+1", "9223372036854775808", "true", "null", ""])
  func `an extent is an integer from 0 on, and exact`(extent: String) {
    let error = failure(
      file("{\"t\":{\"dtype\":\"F32\",\"shape\":[\(extent),1],\"data_offsets\":[0,0]}}"))
    #expect(
      error?.reason
        == "its header has '\(extent)' where an integer from 0 to 9223372036854775807 belongs")
  }

  @Test func `holes and overlaps are refused`() {
    func header(_ second: String) -> String {
      "{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":\(second)},"
        + "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}"
    }
    #expect(failure(file(header("[4,8]"), dataByteCount: 8)) == nil)
    #expect(
      failure(file(header("[6,10]"), dataByteCount: 10))?.reason
        == "bytes 4 to 6 of its data belong to no tensor")
    #expect(
      failure(file(header("[2,6]"), dataByteCount: 6))?.reason
        == "tensors 'a' and 'b' overlap: one ends at byte 4, the other begins at 2")
  }

  @Test func `space, escapes and any order of entries are allowed`() throws {
    let header = """
      { "\\u00e9\\ud83d\\ude00\\/\\n" : { "shape" : [ 1 , 1 ] ,
        "data_offsets":[0,1],\t"dtype":"U8" } }\u{20}
      """
    let read = try SafetensorsFile(decoding: file(header, dataByteCount: 1))
    #expect(read.tensors.map(\.name) == ["é😀/\n"])
  }

  @Test func `no shortened or altered file does more than throw`() throws {
    let good = SafetensorsFile(
      tensors: [
        .init(name: "a", shape: [2], values: [Float(1), 2]),
        .init(name: "b", shape: [1], values: [Int64(3)]),
      ], metadata: ["k": "v"]
    ).encoded()
    for count in 0..<good.count { #expect(failure(good.prefix(count)) != nil) }
    for index in good.indices {
      for mask in [1, 0x20, 0x80] as [UInt8] {
        var altered = good
        altered[index] ^= mask
        // Some alterations are valid files (another value, another name); none may trap.
        _ = failure(altered)
      }
    }
  }
}

extension Data {
  fileprivate func replacing(_ old: UInt8, with new: UInt8) -> Data {
    Data(map { $0 == old ? new : $0 })
  }
}
