import Actor
import Rollout
import TestSupport
import Testing

/// Tests of operations over the rows of a fragment: shifts, backward sums and selections.
struct TimeTests {
  @Test func `what adds up backwards passes no gradient`() {
    for hasLast in [false, true] {
      Formula([[4, 3], [4, 3], [3]]) { _, x in
        x[0].accumulatedBackwards(weights: x[1], last: hasLast ? x[2] : nil)
      }.check("accumulated backwards", hasGradient: false) { x in
        (0..<12).map { index in
          // Σ over all later rows, each weighted with all weights before it.
          var (sum, weight) = (0.0, 1.0)
          for row in stride(from: index, to: 12, by: 3) {
            sum += weight * x[0][row]
            weight *= x[1][row]
          }
          return sum + (hasLast ? weight * x[2][index % 3] : 0)
        }
      }
    }
  }

  @Test(arguments: [[1, 1], [1, 3], [4, 1], [4, 3], [3, 2, 5]])
  func `what follows is the next row, and the given one behind the last`(shape: [Int]) {
    Formula([shape, Array(shape.dropFirst())]) { _, x in x[0].following(last: x[1]) }
      .check("following", hasGradient: false) { x in
        Array(x[0].dropFirst(x[1].count)) + x[1]
      }
  }

  @Test func `choices pass their gradient to what was chosen`() {
    let shapes: [[[Int]]] = [
      [[7, 5], [7, 5], [7, 5]], [[7, 5], [7, 5, 3], [7, 5, 3]], [[7, 5], [], [7, 5]],
      [[7, 5], [7, 5, 3], [1]], [[2, 9], [], []], [[1, 1], [1, 1], [1, 1]], [[], [4], [4]],
    ]
    for shapes in shapes {
      Formula(shapes) { _, x in x[0].atLeast(0.1).choosing(x[1], otherwise: x[2]) }
        .check("choosing") { x in
          let count = x.map(\.count).max() ?? 0
          return (0..<count).map { index in
            let source = x[0][index * x[0].count / count] >= 0.1 ? x[1] : x[2]
            return source[source.count == 1 ? 0 : index]
          }
        }
    }
  }

  @Test func `what is not chosen may be NaN, forwards and backwards`() {
    let formula = Formula([[4], [4]]) { graph, x in
      let flags = graph.concatenate([graph.constant(1).reshaped([1]), 0 * x[0].columns(0..<3)])
      return flags.choosing(x[0], otherwise: x[1])
    }
    let run = Formula.Run<Double>(formula, [1, 2, 3, 4, .nan, 6, 7, 8])
    #expect(run.values == [1, 6, 7, 8])
    #expect(run.gradients.allSatisfy { $0.isFinite })
  }

  @Test func `integers and bytes stay what they are`() {
    let graph = Graph()
    let flags = graph.input([2, 2], elementType: .int32)
    let (actions, others) = (
      graph.input([2, 2, 3], elementType: .int32), graph.input([2, 2, 3], elementType: .int32)
    )
    let chosen = flags.choosing(actions, otherwise: others)
    #expect(chosen.elementType == .int32)
    #expect(flags.choosing(graph.constant(0), otherwise: actions).elementType == nil)
    // As indices, which have to be integers.
    let coded = graph.oneHot(chosen.reshaped([12]), count: 30)
    let numbers = chosen.numeric
    let executor = Executor<Double>(graph, outputs: [coded, numbers])
    executor.set(flags, toIntegers: [0, 1, 1, 0])
    executor.set(actions, toIntegers: Array(0..<12))
    executor.set(others, toIntegers: Array(12..<24))
    executor.forward()
    let expected: [Double] = [12, 13, 14, 3, 4, 5, 6, 7, 8, 21, 22, 23]
    #expect(executor.values(of: numbers) == expected)
    let codes = executor.values(of: coded)
    #expect((0..<12).allSatisfy { codes[$0 * 30 + Int(expected[$0])] == 1 })
  }
}
