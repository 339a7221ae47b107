import Actor
import Rollout
import TestSupport
import Testing

/// Tests of LSTM and GRU in an executor: values, gradients through time and by the first state.
struct ExecutorRecurrentTests {
  /// The sizes of one case.
  struct Sizes: CustomTestStringConvertible {
    var isLSTM = true
    var steps: Int
    var environments: Int
    var features: Int
    var size: Int
    var layers: Int

    var testDescription: String {
      """
      \(isLSTM ? "LSTM" : "GRU") T \(steps), B \(environments), F \(features), H \(size), \
      layers \(layers)
      """
    }

    var gates: Int { isLSTM ? 4 : 3 }
    var states: Int { isLSTM ? 2 : 1 }

    /// The names and shapes of the layers' parameters in PyTorch's order.
    var parameters: [(name: String, shape: [Int])] {
      (0..<layers).flatMap { layer in
        [
          ("core.weight_ih_l\(layer)", [gates * size, layer == 0 ? features : size]),
          ("core.weight_hh_l\(layer)", [gates * size, size]),
          ("core.bias_ih_l\(layer)", [gates * size]),
          ("core.bias_hh_l\(layer)", [gates * size]),
        ]
      }
    }

    /// The layers' parameters, x, and the first states: h of each layer, then c.
    var all: [(name: String, shape: [Int])] {
      parameters + [("x", [steps, environments, features])]
        + (0..<layers * states).map { ("state\($0)", [environments, size]) }
    }
  }

  /// The rows that begin an episode.
  enum Resets: CaseIterable {
    case nowhere, atTheFirstRow, inTheMiddle, atTheLastRow, everywhere, mixed

    func numbers(_ steps: Int, _ environments: Int) -> [Int32] {
      (0..<steps * environments).map { index in
        let (t, b) = (index / environments, index % environments)
        let isReset =
          switch self {
          case .nowhere: false
          case .atTheFirstRow: t == 0
          case .inTheMiddle: t == steps / 2 && b % 2 == 0
          case .atTheLastRow: t == steps - 1
          case .everywhere: true
          case .mixed: (t + 2 * b) % 3 == 1
          }
        // Any nonzero value counts.
        return isReset ? Int32(1 + b) : 0
      }
    }
  }

  /// Returns the traced layers' output and last states side by side.
  private func traced(_ sizes: Sizes, _ graph: Graph, _ x: [Tensor]) -> Tensor {
    let rest = Array(x[sizes.parameters.count...])
    let state = RecurrentState(
      hidden: Array(rest[1...sizes.layers]),
      cell: sizes.isLSTM ? Array(rest[(sizes.layers + 1)...(2 * sizes.layers)]) : [])
    let resets = x[x.count - 1]
    let (output, last) =
      sizes.isLSTM
      ? graph.lstm(
        rest[0], size: sizes.size, layers: sizes.layers, from: state, resets: resets, name: "core")
      : graph.gru(
        rest[0], size: sizes.size, layers: sizes.layers, from: state, resets: resets, name: "core")
    return graph.concatenate(
      ([output] + last.hidden + last.cell).map { $0.reshaped([$0.elementCount]) })
  }

  /// Returns the same by definition.
  private func naive(_ sizes: Sizes, _ x: [[Double]], _ resets: [Int32]) -> [Double] {
    let naive = NaiveRecurrent(
      isLSTM: sizes.isLSTM, environments: sizes.environments, size: sizes.size)
    var output = x[4 * sizes.layers]
    let first = x[(4 * sizes.layers + 1)...]
    var last = Array(repeating: [Double](), count: first.count)
    for layer in 0..<sizes.layers {
      let places = (0..<sizes.states).map { layer + $0 * sizes.layers }
      let result = naive.run(
        output, Array(x[4 * layer..<4 * layer + 4]),
        from: places.map { first[first.startIndex + $0] }, resets: resets.map { Double($0) })
      output = result.output
      for (place, state) in zip(places, result.states) { last[place] = state }
    }
    return output + last.flatMap { $0 }
  }

  private func check(_ sizes: Sizes, _ resets: Resets) {
    let numbers = resets.numbers(sizes.steps, sizes.environments)
    let formula = Formula(
      sizes.all.map(\.shape), names: sizes.all.map(\.name),
      indices: (numbers, [sizes.steps, sizes.environments])
    ) { traced(sizes, $0, $1) }
    formula.check("\(sizes.testDescription), reset \(resets)") { naive(sizes, $0, numbers) }
  }

  @Test(arguments: [true, false], [1, 2])
  func `values and gradients at odd sizes`(isLSTM: Bool, layers: Int) {
    var turn = 0
    for steps in [1, 2, 5] {
      for environments in [1, 3, 7] {
        for (features, size) in [(1, 1), (5, 1), (1, 3), (5, 3), (5, 8), (1, 17)] {
          let sizes = Sizes(
            isLSTM: isLSTM, steps: steps, environments: environments, features: features,
            size: size, layers: layers)
          check(sizes, Resets.allCases[turn % Resets.allCases.count])
          turn += 1
        }
      }
    }
  }

  @Test(arguments: Resets.allCases, [true, false])
  func `no gradient passes where an episode ended`(resets: Resets, isLSTM: Bool) {
    let sizes = Sizes(
      isLSTM: isLSTM, steps: 5, environments: 3, features: 2, size: 4, layers: 2)
    check(sizes, resets)
  }
}
