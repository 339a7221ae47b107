import Actor
import Rollout

/// Matrix products, compared with the throughput of multiply-adds in registers.
enum MatrixBenchmarks {
  static let all: [Benchmark] =
    [
      Benchmark(
        "multiply_add", .gigaflops, "multiply-adds in registers on one core: the peak"
      ) { .init(try peak($0)) }
    ]
    + [64, 128, 256, 512].map { size in
      Benchmark(
        "matmul_\(size)", .gigaflops, "a product of two matrices [\(size), \(size)]"
      ) { try pace($0, .matrices, rows: size, depth: size, columns: size) }
    }
    + [(400, 8, 32), (2048, 256, 256)].map { rows, inputs, outputs in
      Benchmark(
        "linear_\(rows)x\(inputs)x\(outputs)", .gigaflops,
        "a layer of \(inputs) inputs and \(outputs) outputs with bias and ReLU, \(rows) rows"
      ) { try pace($0, .linearLayer, rows: rows, depth: inputs, columns: outputs) }
    }
    + [(400, 8, 32), (512, 64, 64), (2048, 256, 256)].map { rows, inputs, outputs in
      Benchmark(
        "linear_backward_\(rows)x\(inputs)x\(outputs)", .microseconds,
        "such a layer without ReLU, forward and backward to weight, bias and input, \(rows) rows"
      ) { try time($0, .linearGradients, rows: rows, depth: inputs, columns: outputs) }
    }
    + [
      Benchmark(
        "convolution_8", .microseconds, "the Nature DQN's three convolutions, 8 frames"
      ) {
        let network = KernelBenchmarks.Convolutions(images: 8)
        return .init(try $0.bestNanoseconds { for _ in 0..<$0 { network.forward() } } / 1e3)
      },
      Benchmark(
        "convolution_backward_16", .microseconds,
        "the same, forward and backward to all parameters, 16 frames"
      ) {
        let network = KernelBenchmarks.Convolutions(images: 16)
        return .init(
          try $0.bestNanoseconds {
            for _ in 0..<$0 {
              network.forward()
              network.backward()
            }
          } / 1e3)
      },
    ]

  private static func peak(_ settings: BenchmarkSettings) throws -> Double {
    let loop = try peakLoop(seconds: settings.secondsPerLoop)
    return try operationsPerNanosecond(settings.repeated { try loop.nanoseconds() })
  }

  /// Returns the operations per nanosecond, which are GFLOP/s.
  private static func pace(
    _ settings: BenchmarkSettings, _ kernel: KernelBenchmarks.Product.Kernel,
    rows: Int, depth: Int, columns: Int
  ) throws -> BenchmarkResult {
    let measured = try measure(settings, kernel, rows: rows, depth: depth, columns: columns)
    return BenchmarkResult(measured.pace, peakShare: measured.peakShare)
  }

  /// Returns the microseconds of one run.
  private static func time(
    _ settings: BenchmarkSettings, _ kernel: KernelBenchmarks.Product.Kernel,
    rows: Int, depth: Int, columns: Int
  ) throws -> BenchmarkResult {
    let measured = try measure(settings, kernel, rows: rows, depth: depth, columns: columns)
    return BenchmarkResult(measured.nanoseconds / 1e3, peakShare: measured.peakShare)
  }

  /// Measures product and peak in alternation, at the same clock frequency of the processor.
  private static func measure(
    _ settings: BenchmarkSettings, _ kernel: KernelBenchmarks.Product.Kernel,
    rows: Int, depth: Int, columns: Int
  ) throws -> (nanoseconds: Double, pace: Double, peakShare: Double) {
    let product = KernelBenchmarks.Product(kernel, rows: rows, depth: depth, columns: columns)
    let seconds = settings.secondsPerLoop
    let loop = try TimedLoop(seconds: seconds) { count in
      for _ in 0..<count { product.run() }
    }
    let peakLoop = try peakLoop(seconds: seconds)
    var peaks: [Double] = []
    let samples = try settings.repeated {
      peaks.append(try peakLoop.nanoseconds())
      return try loop.nanoseconds()
    }
    let nanoseconds = samples.min() ?? .nan
    let pace = Double(product.operationCount) / nanoseconds
    return (nanoseconds, pace, pace / operationsPerNanosecond(peaks))
  }

  private static func peakLoop(seconds: Double) throws -> TimedLoop {
    let kept = FlatVector<Float>(repeating: 0, count: 1)
    return try TimedLoop(seconds: seconds) { count in
      kept[0] = KernelBenchmarks.multiplyAdds(rounds: count, from: kept[0])
    }
  }

  private static func operationsPerNanosecond(_ samples: [Double]) -> Double {
    Double(KernelBenchmarks.operationsPerRound) / (samples.min() ?? .nan)
  }
}
