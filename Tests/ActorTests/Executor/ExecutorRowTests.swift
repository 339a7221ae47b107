import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of operations that sum, move or look up whole rows, against their definitions.
struct ExecutorRowTests {
  @Test func `sums and means of all elements`() {
    for shape in oddShapes {
      Formula([shape]) { _, x in x[0].sum() }.check("sum") { [$0[0].reduce(0, +)] }
      Formula([shape]) { _, x in x[0].mean() }.check("mean") {
        [$0[0].reduce(0, +) / Double($0[0].count)]
      }
      Formula([shape]) { _, x in x[0].largest() }
        .check("largest", hasGradient: false) { [$0[0].max() ?? .nan] }
    }
  }

  @Test func `the deviation of all elements is the root of the unbiased variance`() {
    for shape in oddShapes {
      Formula([shape]) { _, x in x[0].standardDeviation() }
        .check("deviation", hasGradient: false) { x in
          let count = Double(x[0].count)
          let mean = x[0].reduce(0, +) / count
          let squares = x[0].reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
          return [x[0].count > 1 ? (squares / (count - 1)).squareRoot() : 0]
        }
    }
  }

  @Test func `a one stands at the place of the largest number, the first of several`() {
    let graph = Graph()
    let input = graph.input([2, 2, 3])
    let places = input.oneHotOfLargest()
    let indices = input.indexOfLargest().numeric
    let executor = Executor<Double>(graph, outputs: [places, indices])
    executor.set(input, to: [1, 3, 2, -1, -1, -2, 0, 0, 0, -5, -.infinity, -4])
    executor.forward()
    #expect(executor.values(of: places) == [0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1])
    #expect(indices.shape == [2, 2] && executor.values(of: indices) == [1, 0, 0, 2])
  }

  @Test func `a reduction's single number meets the elements it came from`() {
    for shape in oddShapes where !shape.isEmpty {
      Formula([shape]) { _, x in (x[0] - x[0].mean()).squared() }.check("centered") { x in
        let mean = x[0].reduce(0, +) / Double(x[0].count)
        return x[0].map { ($0 - mean) * ($0 - mean) }
      }
    }
  }

  @Test func `the last two axes change places`() {
    for shape in [[1, 1], [1, 5], [5, 1], [7, 5], [2, 3, 19], [2, 2, 3, 17]] {
      let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
      Formula([shape]) { _, x in x[0].swappingLastAxes() * x[0].swappingLastAxes() }.check("swap") {
        x in
        x[0].indices.map { index in
          let (start, place) = (index / (rows * columns) * rows * columns, index % (rows * columns))
          let element = x[0][start + place % rows * columns + place / rows]
          return element * element
        }
      }
    }
  }

  @Test func `the row before is there a row later, and nothing where an episode begins`() {
    for (steps, environments, width) in [(1, 1, 1), (1, 3, 2), (2, 1, 5), (5, 3, 7), (4, 2, 17)] {
      let resets = (0..<steps * environments).map { Int32($0 % 3 == 1 ? 1 : 0) }
      let formula = Formula(
        [[steps, environments, width], [environments, width]],
        indices: (resets, [steps, environments])
      ) { graph, x in
        graph.delayed(x[0], from: x[1], resets: x[2].numeric) * x[0]
      }
      let row = environments * width
      formula.check("delayed") { x in
        x[0].indices.map { index in
          let before = index < row ? x[1][index] : x[0][index - row]
          return resets[index / width] == 1 ? 0 : before * x[0][index]
        }
      }
    }
  }

  @Test func `a one stands at each index's place`() {
    let indices: [Int32] = [0, 6, 3, 3, 1]
    for count in [7, 16, 17] {
      let graph = Graph()
      let input = graph.input([5], elementType: .int32)
      let places = graph.oneHot(input, count: count)
      let executor = Executor<Double>(graph, outputs: [places])
      executor.set(input, toIntegers: indices)
      executor.forward()
      let expected = indices.flatMap { index in (0..<count).map { $0 == index ? 1.0 : 0 } }
      #expect(executor.values(of: places) == expected)
    }
  }

  @Test func `sums over the last axis`() {
    for shape in [[1], [5], [3, 1], [37, 2], [7, 5], [2, 3, 19], [4, 40]] {
      let width = shape[shape.count - 1]
      Formula([shape]) { _, x in x[0].sumOverLastAxis() }.check("row sums") { x in
        stride(from: 0, to: x[0].count, by: width).map { x[0][$0..<$0 + width].reduce(0, +) }
      }
    }
  }

  static let classCounts = [1, 2, 3, 5, 16, 17, 33]

  @Test(arguments: classCounts)
  func `log-probabilities`(classes: Int) {
    for rows in [1, 3, 9] {
      Formula([[rows, classes]], in: -2...2) { _, x in x[0].logSoftmax() * x[0] }.check(
        "log softmax"
      ) {
        x in
        naiveLogSoftmax(x[0], classes).enumerated().map { $1 * x[0][$0] }
      }
    }
  }

  @Test(arguments: classCounts)
  func `a masked action stays impossible and gets no gradient`(classes: Int) {
    let rows = 3
    let formula = Formula([[rows, classes]], in: -2...2) { _, x in x[0].logSoftmax() }
    var numbers = formula.drawn(seed: 5)
    for row in 0..<rows where classes > 1 { numbers[row * classes + row % classes] = -.infinity }
    let run = Formula.Run<Double>(formula, numbers)
    let difference = firstDifference(
      run.values, naiveLogSoftmax(numbers, classes), absolute: 1e-13)
    #expect(difference == nil, "\(difference ?? "")")

    // The same without the masked actions, which must not affect the other actions' gradients.
    let entropy = Formula([[rows, classes]]) { _, x in
      3 * Categorical(count: classes).entropy(of: x[0].logSoftmax())
    }
    let masked = Formula.Run<Double>(entropy, numbers)
    let gradients = masked.gradients
    #expect(gradients.allSatisfy { $0.isFinite })
    for (index, number) in numbers.enumerated() where number.isInfinite {
      #expect(gradients[index] == 0, "masked action \(index) of \(classes) gets a gradient")
    }
    guard classes > 1 else { return }
    let single = Formula([[rows, classes - 1]]) { _, x in
      3 * Categorical(count: classes - 1).entropy(of: x[0].logSoftmax())
    }
    let kept = Formula.Run<Double>(single, numbers.filter(\.isFinite))
    let valueDifference = firstDifference(masked.values, kept.values, absolute: 1e-13)
    #expect(valueDifference == nil, "\(valueDifference ?? "")")
    let open = gradients.indices.filter { numbers[$0].isFinite }.map { gradients[$0] }
    let gradientDifference = firstDifference(open, kept.gradients, absolute: 1e-13)
    #expect(gradientDifference == nil, "\(gradientDifference ?? "")")
    // Also in Float, where a careless bound overflows.
    #expect(Formula.Run<Float>(entropy, numbers).gradients.allSatisfy { $0.isFinite })
  }

  @Test func `picks the element that an index names`() {
    for (leading, classes) in [([1], 1), ([5], 2), ([3, 4], 7), ([2, 9], 40)] {
      let rows = leading.reduce(1, *)
      let indices = (0..<rows).map { Int32(($0 * 5 + 1) % classes) }
      let formula = Formula([leading + [classes]], indices: (indices, leading)) { _, x in
        x[0].pick(x[1])
      }
      formula.check("pick") { x in
        indices.enumerated().map { x[0][$0 * classes + Int($1)] }
      }
    }
  }

  @Test func `an embedding's rows add up where an index occurs again`() {
    for (leading, count, width) in [([1], 1, 1), ([7], 3, 4), ([2, 5], 4, 9), ([3, 3], 5, 33)] {
      let rows = leading.reduce(1, *)
      let indices = (0..<rows).map { Int32(($0 * $0) % count) }
      // The layer finds its table by name.
      let formula = Formula([[count, width]], names: ["table.weight"], indices: (indices, leading))
      {
        $0.embedding($1[1], count: count, width: width, name: "table")
      }
      formula.check("embedding") { x in
        indices.flatMap { index in x[0][Int(index) * width..<(Int(index) + 1) * width] }
      }
    }
  }

  @Test func `tensors side by side`() {
    for widths in [[1], [1, 1], [4, 3], [2, 17, 1, 5]] {
      for leading in [[1], [3], [2, 5]] {
        let rows = leading.reduce(1, *)
        Formula(widths.map { leading + [$0] }) { graph, x in graph.concatenate(x) + 0 }
          .check("concatenate") { x in
            (0..<rows).flatMap { row in
              widths.indices.flatMap { part in
                x[part][row * widths[part]..<(row + 1) * widths[part]]
              }
            }
          }
      }
    }
    Formula([[3, 2]]) { graph, x in graph.concatenate([x[0], x[0].squared(), x[0]]) }
      .check("the same twice") { x in
        (0..<3).flatMap { row in
          let part = x[0][row * 2..<row * 2 + 2]
          return Array(part) + part.map { $0 * $0 } + Array(part)
        }
      }
  }

  @Test func `columns of a matrix, and a row that repeats`() {
    for (leading, width) in [([1], 1), ([3], 5), ([2, 3], 19), ([4, 1, 2], 2)] {
      let rows = leading.reduce(1, *)
      for range in [0..<1, width / 2..<width, 0..<width] {
        // Read twice, to accumulate gradients at one place.
        Formula([leading + [width]]) { _, x in
          x[0].columns(range).squared() + exp(x[0]).columns(range)
        }.check("columns") { x in
          (0..<rows).flatMap { row in
            range.map { x[0][row * width + $0] }.map { $0 * $0 + Foundation.exp($0) }
          }
        }
      }
      Formula([[width]]) { _, x in x[0].repeated(over: leading) + 0 }.check("repeated") { x in
        (0..<rows).flatMap { _ in x[0] }
      }
    }
  }

  @Test func `rows and other shapes of the same numbers`() {
    for shape in [[5], [5, 3], [6, 2, 3]] {
      let stride = shape.dropFirst().reduce(1, *)
      Formula([shape]) { _, x in x[0].rows(1..<4).squared() }.check("rows") { x in
        x[0][stride..<4 * stride].map { $0 * $0 }
      }
      // Overlapping rows of a result, not of a parameter: gradients accumulate at one place.
      Formula([shape]) { _, x in
        let y = exp(x[0])
        return y.rows(0..<3) * y.rows(2..<5) + x[0].rows(1..<4)
      }.check("overlapping rows") { x in
        (0..<3 * stride).map {
          Foundation.exp(x[0][$0] + x[0][$0 + 2 * stride]) + x[0][$0 + stride]
        }
      }
      let count = shape.reduce(1, *)
      Formula([shape]) { _, x in
        x[0].squared().reshaped([count]).rows(1..<count).reshaped([count - 1, 1]).tanh()
      }.check("reshaped") { x in x[0].dropFirst().map { Foundation.tanh($0 * $0) } }
    }
  }

  @Test func `bits of an integer, the sign beyond the thirty-first`() {
    let numbers: [Int32] = [0, 1, 2, 5, 12, .max, -1, -2, .min]
    for bits in [1, 4, 31, 32, 63] {
      let graph = Graph()
      let indices = graph.input([3, 3], elementType: .int32)
      let output = graph.oneHotBits(indices, bits: bits)
      #expect(output.shape == [3, 3, bits])
      let executor = Executor<Double>(graph, outputs: [output])
      executor.set(indices, toIntegers: numbers)
      executor.forward()
      let expected = numbers.flatMap { number in
        (0..<bits).map { Double(Int64(number) >> Int64($0) & 1) }
      }
      #expect(executor.values(of: output) == expected)
    }
  }

  @Test func `rows of integers lie where integers lie, in either precision`() {
    func picked<S: KernelScalar>(_: S.Type) -> [S] {
      let graph = Graph()
      let x = graph.input([2, 3])
      let indices = graph.input([5, 1], elementType: .int32)
      let output = x.pick(indices.rows(3..<5).reshaped([2]))
      let executor = Executor<S>(graph, outputs: [output])
      executor.set(x, to: [0, 1, 2, 10, 11, 12])
      executor.set(indices, toIntegers: [0, 0, 0, 2, 1])
      executor.forward()
      return executor.values(of: output)
    }
    #expect(picked(Float.self) == [2, 11])
    #expect(picked(Double.self) == [2, 11])
  }

  @Test func `columns of integers stay indices, in either precision`() {
    func picked<S: KernelScalar>(_: S.Type) -> [S] {
      let graph = Graph()
      let x = graph.input([2, 3])
      let indices = graph.input([2, 3], elementType: .int32)
      let output = x.pick(indices.columns(1..<2).reshaped([2]))
      let executor = Executor<S>(graph, outputs: [output])
      executor.set(x, to: [0, 1, 2, 10, 11, 12])
      executor.set(indices, toIntegers: [0, 2, 0, 0, 1, 0])
      executor.forward()
      return executor.values(of: output)
    }
    #expect(picked(Float.self) == [2, 11])
    #expect(picked(Double.self) == [2, 11])
  }

  private func naiveLogSoftmax(_ x: [Double], _ classes: Int) -> [Double] {
    stride(from: 0, to: x.count, by: classes).flatMap { start in
      let row = x[start..<start + classes]
      let total = row.map { Foundation.exp($0) }.reduce(0, +)
      return row.map { $0 - Foundation.log(total) }
    }
  }
}
