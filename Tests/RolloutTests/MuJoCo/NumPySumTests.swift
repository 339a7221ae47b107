import TestSupport
import Testing

@testable import Rollout

struct NumPySumTests {
  @Test(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"))
  func `sums have NumPy's bits for any number of elements`() throws {
    let counts = Array(0...40) + [63, 64, 127, 128, 129, 136, 200, 255, 256, 257, 300, 1000]
    let text = try Python.run([
      "-c",
      """
      import numpy as np
      x = np.random.default_rng(3).random(1000) - 0.3
      y = x.astype(np.float32)
      for n in \(counts):
          a = np.sum(np.square(x[:n])).view(np.uint64)
          b = np.sum(np.square(y[:n])).view(np.uint32)
          print(a, b)
      """,
    ])
    var random = PCG64(seed: 3)
    let numbers = (0..<1000).map { _ in random.nextDouble() - 0.3 }
    let expected = text.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(expected.count == counts.count)
    for (count, words) in zip(counts, expected) {
      let doubles = FlatVector(Array(numbers[..<count]))
      let floats = FlatVector(numbers[..<count].map { Float($0) })
      withExtendedLifetime((doubles, floats)) {
        #expect(NumPySum.squares(RowValues(doubles)).bitPattern == UInt64(words[0]), "\(count)")
        #expect(NumPySum.squares(RowValues(floats)).bitPattern == UInt32(words[1]), "\(count)")
      }
    }
  }
}
