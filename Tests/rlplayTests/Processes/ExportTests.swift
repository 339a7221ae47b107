import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of `rlplay export`.
  struct ExportTests {
    @Test func `a run is exported as both files, which replace earlier ones`() throws {
      let directory = try ScratchDirectory()
      func run(_ arguments: String...) throws -> RunningProgram.Outcome {
        try RunningProgram.run(Executable.rlplay, arguments, in: directory.url)
      }
      let trained = try run(
        "train", "--quiet", "--collector", "same", "--eval-every", "0", "--seed", "3", "--steps",
        "400", "--hidden", "8", "--wrap", "frame-stack=2", "--run-dir", "runs/one")
      #expect(trained.exitCode == 0, "\(trained.errors)")
      for file in ["policy.onnx", "cart-pole.h"] {
        try Data("old".utf8).write(to: URL(fileURLWithPath: directory.path(file)))
      }
      let exported = try run("export", "--onnx", "policy.onnx", "--header", "cart-pole.h")
      #expect(exported.exitCode == 0, "\(exported.errors)")
      let model = try Data(contentsOf: URL(fileURLWithPath: directory.path("policy.onnx")))
      let header = try String(contentsOfFile: directory.path("cart-pole.h"), encoding: .utf8)
      let lines = exported.output.split(separator: "\n")
      #expect(
        lines.map { $0.replacing(/\s+/, with: " ") } == [
          "runs/one/checkpoints/last.safetensors: CartPole-v1", "input obs float32 [2, 4]",
          "input act int64 next.act of the last step",
          "output action int64 the most likely action", "output logits float32 [2]",
          "output value float32", "output next.act int64",
          "observations are those after frame-stack=2",
          "wrote policy.onnx: opset 17, \(grouped(model.count)) bytes",
          "wrote cart-pole.h: C99, \(grouped(header.utf8.count)) bytes",
        ])
      #expect(header.contains(" * environment: CartPole-v1\n * wrappers: frame-stack=2\n"))
      #expect(header.contains("static inline int cart_pole_step(const cart_pole_input *input,"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path).count == 3)

      for (arguments, code, words) in [
        ([], 64, "Neither --onnx nor --header is given: name the file to write"),
        (["--onnx", "none"], 64, "Neither --onnx nor --header is given"),
        (["--onnx", ""], 64, "--onnx '' is empty."),
        (["--onnx", "a", "--header", "./a"], 64, "--onnx and --header are both 'a'"),
        (["two", "--onnx", "a"], 1, "there is no run or checkpoint 'two'"),
        (["--onnx", "missing/a"], 1, "cannot write into 'missing'"),
      ] as [([String], Int32, String)] {
        let outcome = try RunningProgram.run(
          Executable.rlplay, ["export"] + arguments, in: directory.url)
        #expect(outcome.exitCode == code)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path).count == 3)
    }

    private func grouped(_ number: Int) -> String {
      number < 1000 ? "\(number)" : "\(number / 1000),\(String(format: "%03d", number % 1000))"
    }
  }
}
