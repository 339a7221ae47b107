import Foundation
import Learner
import TestSupport
import Testing

@testable import RolloutCommand

/// Tests of `rlplay bench` with the shortest possible times.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct BenchCommandTests {
  /// Runs `rlplay bench`, with output too short to fill a pipe.
  func bench(_ arguments: String...) throws -> (output: String, error: String, code: Int32) {
    try bench(arguments)
  }

  func bench(_ arguments: [String]) throws -> (output: String, error: String, code: Int32) {
    let process = Process()
    let (output, error) = (Pipe(), Pipe())
    process.executableURL = try Executable.rlplay
    process.arguments = ["bench"] + arguments
    process.standardOutput = output
    process.standardError = error
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      String(decoding: said, as: UTF8.self), String(decoding: complaint, as: UTF8.self),
      process.terminationStatus
    )
  }

  @Test func `the object has every figure and the machine`() throws {
    let (output, _, code) = try bench("--seconds", "0.001", "--json")
    #expect(code == 0)
    let json = try JSONSerialization.jsonObject(with: Data(output.utf8))
    let object = try #require(json as? [String: Any])
    for benchmark in BenchmarkSuite.all {
      let value = object[benchmark.figureName] as? Double
      #expect(value.map { $0 > 0 && $0.isFinite } == true, "\(benchmark.figureName)")
    }
    #expect(object["train_multi_steps_per_second"] != nil)
    #expect(object["train_determinism_ratio"] != nil)
    #expect(object["matmul_512_peak_share"] != nil)
    let machine = try #require(object["machine"] as? [String: Any])
    #expect(machine.keys.sorted() == ["RLPLAY_AVX512", "RLPLAY_FMA", "build", "cores", "cpu"])
  }

  @Test func `only what is asked for is measured, a line each`() throws {
    let (output, _, code) = try bench("--seconds", "0.001", "--only", "matmul_64,react_8")
    #expect(code == 0)
    let lines = output.split(separator: "\n")
    // The first line describes the machine.
    #expect(lines.count == 3)
    #expect(lines.dropFirst().map { $0.prefix { $0 != " " } } == ["react_8", "matmul_64"])
    #expect(lines.last?.hasSuffix("% of the peak") == true)
  }

  @Test func `an environment is measured in a batch`() throws {
    let (output, error, code) = try bench(
      "--env", "CartPole-v1", "--envs-per-actor", "16", "--wrap", "frame-stack=2", "--seconds",
      "0.01", "--json")
    #expect(code == 0, "\(error)")
    let json = try JSONSerialization.jsonObject(with: Data(output.utf8))
    let rate = try #require((json as? [String: Any])?["env_steps_per_second"] as? Double)
    #expect(rate > 0 && rate.isFinite)
    let directory = try ScratchDirectory()
    try Data(output.utf8).write(to: directory.url.appendingPathComponent("a.json"))
    for (id, isOther) in [("CartPole-v1", false), ("Acrobot-v1", true)] {
      let again = try bench(
        "--env", id, "--envs-per-actor", "16", "--wrap", "frame-stack=2", "--seconds", "0.01",
        "--compare", directory.path("a.json"))
      #expect(
        again.error.contains("are of another environment") == isOther, "\(again.error)")
    }
    let unknown = try bench("--env", "Nothing-v0", "--seconds", "0.01")
    #expect(unknown.code == 64 && unknown.error.contains("Nothing-v0"))
  }

  @Test func `an object is compared with itself and with a faster one`() throws {
    let directory = try ScratchDirectory()
    let file = URL(filePath: directory.path("bench.json"))
    let options = ["--seconds", "0.001", "--only", "matmul_64", "--rounds", "3", "--json"]
    let (output, _, _) = try bench(options)
    let json = try JSONSerialization.jsonObject(with: Data(output.utf8))
    let object = try #require(json as? [String: Any])
    let quartiles = try #require(object["quartiles"] as? [String: [Double]])
    let value = try #require(object["matmul_64_gflops"] as? Double)
    let range = try #require(quartiles["matmul_64_gflops"])
    #expect(range[0] <= value && value <= range[1])

    // A hundredth and a hundredfold of any speed.
    try Data("{\"matmul_64_gflops\": \(value / 100)}".utf8).write(to: file)
    let (_, calm, equal) = try bench(options + ["--compare", file.path])
    #expect(equal == 0 && calm.contains("No figure is slower"))
    try Data("{\"matmul_64_gflops\": \(value * 100)}".utf8).write(to: file)
    let (found, complaint, slower) = try bench(options + ["--compare", file.path])
    #expect(slower == 1 && complaint.contains("matmul_64_gflops is slower: "))
    #expect(found.contains("\"slower\":[\"matmul_64_gflops\"]"))
    try Data("{\"matmul_128_gflops\": 1}".utf8).write(to: file)
    let (_, refusal, code) = try bench(options + ["--compare", file.path])
    #expect(code == 64 && refusal.contains("has none of the measured figures"))
  }

  @Test func `a debug build warns of its figures`() throws {
    let (output, error, _) = try bench("--seconds", "0.001", "--only", "react_8")
    let isDebug = output.contains("debug build")
    #expect(error.hasPrefix("Warning: this is a debug build") == isDebug)
  }

  @Test func `an unknown name is bad input`() throws {
    let (output, error, code) = try bench("--only", "start,replaec")
    #expect(code == 64)
    #expect(output.isEmpty)
    #expect(
      error == """
        Error: --only replaec is not a measurement. Did you mean 'replace'?
        Help: --only NAME,...  Measurements to run, by name. (default: all)
        Usage: rlplay bench [options]
        See 'rlplay bench --help' for more information.

        """)
  }
}
