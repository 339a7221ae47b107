import Actor
import Rollout

/// Matrix products, held against the pace of multiply-adds that never leave the registers.
enum ProductBenchmarks {
  static let all: [Benchmark] =
    [
      Benchmark(
        "multiply_add", .gigaflops, "multiply-adds in registers by one core: the peak"
      ) { .init(try peak($0)) }
    ]
    + [64, 128, 256, 512].map { size in
      Benchmark(
        "matmul_\(size)", .gigaflops, "a product of two matrices [\(size), \(size)]"
      ) { try product($0, .matrices, rows: size, depth: size, columns: size) }
    }
    + [(400, 8, 32), (2048, 256, 256)].map { rows, inputs, outputs in
      Benchmark(
        "linear_\(rows)x\(inputs)x\(outputs)", .gigaflops,
        "a layer of \(inputs) inputs and \(outputs) outputs with bias and ReLU, \(rows) rows"
      ) { try product($0, .linearLayer, rows: rows, depth: inputs, columns: outputs) }
    }

  private static func peak(_ settings: BenchmarkSettings) throws -> Double {
    let loop = try peakLoop(seconds: settings.secondsPerLoop)
    return try operationsPerNanosecond(settings.repeated { try loop.nanoseconds() })
  }

  /// The product and the peak in turns, so that both see the same clock of the processor.
  private static func product(
    _ settings: BenchmarkSettings, _ kernel: KernelBenchmarks.Product.Kernel,
    rows: Int, depth: Int, columns: Int
  ) throws -> BenchmarkResult {
    let product = KernelBenchmarks.Product(kernel, rows: rows, depth: depth, columns: columns)
    let seconds = settings.secondsPerLoop
    let loop = try TimedLoop(seconds: seconds) { count in
      for _ in 0..<count { product.run() }
    }
    let peakLoop = try peakLoop(seconds: seconds)
    var peaks: [Double] = []
    let nanoseconds = try settings.repeated {
      peaks.append(try peakLoop.nanoseconds())
      return try loop.nanoseconds()
    }
    let pace = Double(product.operationCount) / (nanoseconds.min() ?? .nan)
    return BenchmarkResult(pace, peakShare: pace / operationsPerNanosecond(peaks))
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
