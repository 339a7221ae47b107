import Foundation
import Rollout
import TestSupport
import Testing

@testable import Learner

struct TensorBoardSinkTests {
  private func run(in directory: URL, steps: Int? = nil) -> RecordedRun {
    RecordedRun(
      directory: directory, configuration: "{}\n", network: "0 Linear",
      position: steps.map { ($0 / 100, $0) })
  }

  private func append(_ steps: [Int], to sink: TensorBoardSink) throws {
    for step in steps {
      var record = MetricsRecord()
      record.set("env_steps", step)
      record.set("loss", Double(step))
      try sink.append(record)
    }
    try sink.flush()
  }

  @Test func `checksums are those of the format`() {
    let digits = Array("123456789".utf8)
    #expect(Checksum.crc32c(digits.span) == 0xE306_9283)
    #expect(EventFile.maskedChecksum(digits) == 0xC78A_B0E5)
    #expect(EventFile.maskedChecksum([24, 0, 0, 0, 0, 0, 0, 0]) == 0x224B_7FA3)
  }

  @Test func `a file begins with its version`() throws {
    try withTemporaryDirectory { directory in
      let sink = TensorBoardSink()
      try sink.begin(run(in: directory))
      let files = RunDirectory(existing: directory).eventFiles
      #expect(files.count == 1)
      let bytes = try [UInt8](Data(contentsOf: files[0]))
      #expect(bytes.prefix(13) == [24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22, 9])
      #expect(String(decoding: bytes[23..<36], as: UTF8.self) == "brain.Event:2")
    }
  }

  @Test func `a resumed run cuts the files and begins another`() throws {
    try withTemporaryDirectory { directory in
      let first = TensorBoardSink()
      try first.begin(run(in: directory))
      try append([100, 200], to: first)
      let files = RunDirectory(existing: directory).eventFiles
      let kept = try Data(contentsOf: files[0])
      try append([300, 400], to: first)
      let second = TensorBoardSink()
      try second.begin(run(in: directory, steps: 250))
      #expect(try Data(contentsOf: files[0]) == kept)
      #expect(RunDirectory(existing: directory).eventFiles.count == 2)
      #expect(RunDirectory(existing: directory).eventFiles[0] == files[0])
    }
  }

  @Test(arguments: [0, 7, 11, 20, 37, 39, 60])
  func `a damaged file is cut to its whole records`(place: Int) throws {
    try withTemporaryDirectory { directory in
      let sink = TensorBoardSink()
      try sink.begin(run(in: directory))
      let file = try #require(RunDirectory(existing: directory).eventFiles.first)
      var data = try Data(contentsOf: file)
      data[place] ^= 0x80
      try data.write(to: file)
      try EventFile.cut(file, beyond: 1000)
      // The first record has 40 bytes.
      #expect(try Data(contentsOf: file).count == (place < 40 ? 0 : 40))
      try Data(repeating: 0xFF, count: 100).write(to: file)
      try EventFile.cut(file, beyond: 1000)
      #expect(try Data(contentsOf: file).isEmpty)
    }
  }

  @Test func `the limits of a histogram ascend and are finite`() throws {
    var histogram = Histogram(limits: [0, 1, 3])
    #expect(Event.histogram("x", histogram) == nil)
    for number in [-5, 0.5, 0.75, 100] { histogram.add(number) }
    let value = try #require(Event.histogram("x", histogram))
    var message = ProtocolBuffer()
    message.add(1, double: -1)
    message.add(2, double: 6)
    message.add(3, double: 4)
    message.add(4, double: -0.5 + 2 * 0.5 + 4.5)
    message.add(5, double: 0.25 + 2 * 0.25 + 4.5 * 4.5)
    message.add(6, doubles: [0, 1, 3, 6])
    message.add(7, doubles: [1, 2, 0, 1])
    var expected = ProtocolBuffer()
    expected.add(1, text: "x")
    expected.add(5, message)
    #expect(value.bytes == expected.bytes)
  }

  @Test func `the step of an event is read back`() {
    for step in [0, 1, 127, 128, 1_000_000_000_000_000] {
      #expect(Event.step(of: Event(time: 1, step: step).bytes[...]) == step)
    }
    #expect(Event.step(of: Event(time: 1, step: nil).bytes[...]) == 0)
    let endless = [9, 1, 2, 3, 4, 5, 6, 7, 8, 16] + [UInt8](repeating: 255, count: 20)
    #expect(Event.step(of: endless[...]) < 0)
    #expect(Event.step(of: []) == 0)
  }
}
