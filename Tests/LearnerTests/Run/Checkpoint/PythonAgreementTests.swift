import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// Tests that the reference implementation reads rlplay's files and writes the same bytes.
@Suite struct PythonAgreementTests {
  private static let tensors: [SafetensorsFile.Tensor] = [
    .init(
      name: "0.weight", shape: [2, 3],
      values: [1, -2.5, 0.1, .infinity, .leastNonzeroMagnitude, -0.0] as [Float]),
    .init(name: "0.bias", shape: [2], values: [0.25, 3] as [Float]),
    .init(name: "moment", shape: [1], values: [Double.pi]),
    .init(name: "stream", shape: [2], values: [UInt64.max, 7]),
    .init(name: "count", shape: [1], values: [Int64.min]),
    .init(name: "index", shape: [1], values: [Int32(-5)]),
    .init(name: "byte", shape: [1], values: [UInt8(200)]),
    .init(name: "flag", shape: [2], values: [true, false]),
    .init(name: "scalar é \"\u{1}", shape: [], values: [Float(9)]),
  ]

  @Test(.enabled(if: Python.mayBeAsked, "\(Python.absence)"))
  func `Python reads the values that were written`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("a.safetensors")
      try AtomicFile.write(
        SafetensorsFile(tensors: Self.tensors, metadata: ["b": "2", "a": "1"]).encoded(), to: url)
      let output = try Python.run([
        "-c",
        """
        import sys
        from safetensors import safe_open
        with safe_open(sys.argv[1], "np") as file:
            print(sorted(file.metadata().items()))
            names = ["0.weight", "0.bias", "moment", "stream", "count", "index", "byte", "flag"]
            for name in names:
                tensor = file.get_tensor(name)
                print(name, tensor.dtype, tensor.shape, tensor.tobytes().hex())
            print(file.get_tensor('scalar \\u00e9 "\\x01').tolist())
        """, url.path,
      ])
      #expect(
        output == """
          [('a', '1'), ('b', '2')]
          0.weight float32 (2, 3) 0000803f000020c0cdcccc3d0000807f0100000000000080
          0.bias float32 (2,) 0000803e00004040
          moment float64 (1,) 182d4454fb210940
          stream uint64 (2,) ffffffffffffffff0700000000000000
          count int64 (1,) 0000000000000080
          index int32 (1,) fbffffff
          byte uint8 (1,) c8
          flag bool (2,) 0100
          9.0

          """)
    }
  }

  @Test(.enabled(if: Python.mayBeAsked, "\(Python.absence)"))
  func `Python writes the same bytes`() throws {
    try withTemporaryDirectory { directory in
      let ours = directory.appendingPathComponent("ours.safetensors")
      let theirs = directory.appendingPathComponent("theirs.safetensors")
      // A single entry of metadata, because the reference writer orders several at random.
      let file = SafetensorsFile(tensors: Self.tensors, metadata: ["format": "rlplay"])
      try AtomicFile.write(file.encoded(), to: ours)
      try Python.run([
        "-c",
        """
        import sys
        from safetensors.numpy import load_file, save_file
        save_file(load_file(sys.argv[1]), sys.argv[2], {"format": "rlplay"})
        """, ours.path, theirs.path,
      ])
      #expect(try Data(contentsOf: theirs) == Data(contentsOf: ours))
      #expect(try SafetensorsFile(decoding: Data(contentsOf: theirs)).tensors.count == 9)
    }
  }
}
