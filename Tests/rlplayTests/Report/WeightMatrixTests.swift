import Learner
import Testing

@testable import RolloutCommand

struct WeightMatrixTests {
  private func matrix(_ name: String, _ shape: [Int], _ values: [Float]) throws -> WeightMatrix {
    try #require(WeightMatrix(.init(name: name, shape: shape, values: values)))
  }

  @Test func `the paths are the product of the sizes of the weights`() throws {
    let last = try matrix("logits", [2, 3], [1, -2, 3, 0, 1, -1])
    let first = try matrix("hidden", [3, 2], [1, -1, 2, 0, -1, 4])
    let paths = last.pathProduct(first)
    // |last| · |first| by hand.
    #expect(paths.values == [8, 13, 3, 4])
    #expect(paths.rowCount == 2 && paths.columnCount == 2)
  }

  @Test func `a vector is no matrix, and a convolution is one`() throws {
    #expect(WeightMatrix(.init(name: "bias", shape: [3], values: [1, 2, 3])) == nil)
    let convolution = try matrix("convolution", [2, 1, 2, 2], Array(repeating: 1, count: 8))
    #expect(convolution.rowCount == 2 && convolution.columnCount == 4)
  }

  @Test func `the picture has the longer side in its rows`() throws {
    let tall = try matrix("tall", [5, 2], (0..<10).map { Float($0) - 5 })
    #expect(Array(tall.picture.prefix(10)) == Array("GIF89a".utf8) + [5, 0, 2, 0])
    let zero = try matrix("zero", [1, 1], [0])
    #expect(!zero.picture.isEmpty)
  }
}
