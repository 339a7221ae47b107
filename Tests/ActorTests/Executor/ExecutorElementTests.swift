import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of elementwise operations against their definitions, forwards and backwards.
struct ExecutorElementTests {
  private func checkUnary(
    _ name: String, in range: ClosedRange<Double> = -1...1, hasGradient: Bool = true,
    _ build: @escaping (Tensor) -> Tensor, _ naive: (Double) -> Double
  ) {
    for shape in oddShapes {
      Formula([shape], in: range) { _, x in build(x[0]) }
        .check(name, hasGradient: hasGradient) { $0[0].map(naive) }
    }
  }

  @Test func `functions of one element`() {
    checkUnary("exp", { exp($0) }, { Foundation.exp($0) })
    checkUnary("log", in: 0.2...3, { log($0) }, { Foundation.log($0) })
    checkUnary("squared", { $0.squared() }, { $0 * $0 })
    checkUnary("negation", { -$0 }, { -$0 })
    checkUnary("plus a number", { $0 + 0.7 }, { $0 + 0.7 })
    checkUnary("minus a number", { $0 - 0.7 }, { $0 - 0.7 })
    checkUnary("number minus", { 0.7 - $0 }, { 0.7 - $0 })
    checkUnary("times a number", { -1.5 * $0 }, { -1.5 * $0 })
    checkUnary("relu", { $0.relu() }, { max($0, 0) })
    checkUnary("elu", { $0.elu() }, { $0 > 0 ? $0 : expm1($0) })
    checkUnary("tanh", in: -3...3, { $0.tanh() }, { Foundation.tanh($0) })
    checkUnary("silu", in: -3...3, { $0.silu() }, { $0 / (1 + Foundation.exp(-$0)) })
    checkUnary("gelu", in: -3...3, { $0.gelu() }, { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) })
    checkUnary("sigmoid", in: -3...3, { $0.sigmoid() }, { 1 / (1 + Foundation.exp(-$0)) })
    checkUnary("identity", { $0.activated(.identity) + 0 }, { $0 })
  }

  @Test func `steps and what is stopped pass no gradient`() {
    checkUnary("at least", hasGradient: false, { $0.atLeast(0.1) }, { $0 >= 0.1 ? 1 : 0 })
    checkUnary("stopped", hasGradient: false, { $0.stopGradient() }, { $0 })
    // Only the path without the stop counts: d(x · stop(x)) = stop(x).
    for shape in oddShapes {
      let formula = Formula([shape]) { _, x in x[0] * x[0].stopGradient() }
      let open = Formula([shape]) { _, x in 0.5 * x[0].squared() }
      let numbers = formula.drawn(seed: 3)
      let observed = Formula.Run<Double>(formula, numbers).gradients
      #expect(observed == Formula.Run<Double>(open, numbers).gradients)
    }
  }

  @Test func `clamping passes a gradient within and on its bounds only`() {
    // On a bound PyTorch passes the gradient; a difference quotient would see half of it.
    let formula = Formula([[7]]) { _, x in x[0].clamped(to: -0.5...0.25) }
    let run = Formula.Run<Double>(formula, [-2, -0.5, -0.4, 0, 0.25, 0.2500001, .infinity])
    #expect(run.values == [-0.5, -0.5, -0.4, 0, 0.25, 0.25, 0.25])
    #expect(run.gradients.map { $0 != 0 } == [false, true, true, true, true, false, false])
    let above = Formula([[2, 5]]) { _, x in x[0].clamped(to: -0.3...Double.infinity) }
    above.check("clamp from below") { $0[0].map { max($0, -0.3) } }
  }

  @Test func `functions of two elements, one of them perhaps a single number`() {
    let operations: [(String, (Tensor, Tensor) -> Tensor, (Double, Double) -> Double)] = [
      ("add", { $0 + $1 }, { $0 + $1 }), ("subtract", { $0 - $1 }, { $0 - $1 }),
      ("multiply", { $0 * $1 }, { $0 * $1 }), ("divide", { $0 / $1 }, { $0 / $1 }),
      ("minimum", { $0.minimum($1) }, { min($0, $1) }),
      ("maximum", { $0.maximum($1) }, { max($0, $1) }),
    ]
    for (name, build, naive) in operations {
      for shape in oddShapes {
        for shapes in [[shape, shape], [[], shape], [shape, []], [[1], shape]] {
          // Away from zero, to keep the quotients' third derivatives near 1.
          Formula(shapes, in: 0.6...1.9) { _, x in build(x[0], x[1]) }.check(name) { x in
            (0..<max(x[0].count, x[1].count)).map {
              naive(x[0][x[0].count == 1 ? 0 : $0], x[1][x[1].count == 1 ? 0 : $0])
            }
          }
        }
      }
    }
  }

  @Test func `the smaller and the larger of equals share the gradient`() {
    for shapes in [[[3], [3]], [[], [3]], [[3], []]] {
      for build in [{ $0.minimum($1) }, { $0.maximum($1) }] as [(Tensor, Tensor) -> Tensor] {
        let formula = Formula(shapes) { _, x in build(x[0], x[1]) }
        let sum = Formula(shapes) { _, x in 0.5 * (x[0] + x[1]) }
        let equal = Array(repeating: 0.3, count: formula.parameterCount)
        let run = Formula.Run<Double>(formula, equal)
        #expect(run.values == [0.3, 0.3, 0.3])
        let difference = firstDifference(
          run.gradients, Formula.Run<Double>(sum, equal).gradients, absolute: 1e-16)
        #expect(difference == nil, "\(shapes): \(difference ?? "")")
      }
    }
  }

  @Test func `a number that is none stays one in the smaller and the larger of two`() {
    for shapes in [[[2], [2]], [[2], []], [[], [2]]] {
      for build in [{ $0.minimum($1) }, { $0.maximum($1) }] as [(Tensor, Tensor) -> Tensor] {
        let formula = Formula(shapes) { _, x in build(x[0], x[1]) }
        let count = formula.parameterCount
        for place in [0, count - 1] {
          var numbers = (0..<count).map { Double($0) }
          numbers[place] = .nan
          let values = Formula.Run<Double>(formula, numbers).values
          #expect(values[place == 0 ? 0 : 1].isNaN, "\(shapes), operand at \(place)")
        }
      }
    }
  }

  @Test func `a tensor that is used twice gets both gradients`() {
    for shape in oddShapes {
      Formula([shape]) { _, x in x[0] * x[0] + exp(x[0]) - x[0] / (x[0].squared() + 2) }
        .check("used five times") {
          $0[0].map { $0 * $0 + Foundation.exp($0) - $0 / (2 + $0 * $0) }
        }
    }
  }

  @Test func `a constant stands for every element`() {
    Formula([[3, 5]]) { graph, x in graph.constant(3) * x[0] + graph.constant(-0.25) }
      .check("constants") { $0[0].map { 3 * $0 - 0.25 } }
  }
}
