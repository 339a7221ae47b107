import Actor
import Rollout
import TestSupport
import Testing

/// Tests of inputs bound to a fragment: the right rows, of every element type, in place.
struct ExecutorBindingTests {
  private let storage = FragmentStorage(Scene.layout(stepCount: 4, environmentCount: 5))

  init() { Scene.fill(storage.view, seed: 2) }

  /// Returns the values of a column's rows, read through the fragment's accessor.
  private func numbers(_ column: Column, _ type: ElementType, _ rows: Range<Int>) -> [Double] {
    func read<S: RecordableScalar>(_: S.Type, _ convert: (S) -> Double) -> [Double] {
      let view: ColumnView<S> = storage.view.column(column)
      return rows.flatMap { row in
        (0..<view.environmentCount).flatMap { environment in
          (0..<view.elementCount).map { convert(view[row, environment, $0]) }
        }
      }
    }
    return switch type {
    case .float32: read(Float.self) { Double($0) }
    case .float64: read(Double.self) { $0 }
    case .int32: read(Int32.self) { Double($0) }
    case .int64: read(Int64.self) { Double($0) }
    case .uint8: read(UInt8.self) { Double($0) }
    case .bool: read(Bool.self) { $0 ? 1 : 0 }
    }
  }

  private func check<S: KernelScalar>(_: S.Type, rows: Range<Int>, boundAt row: Int) {
    let layout = storage.layout
    let graph = Graph()
    let state = TracedState(graph, layout, rows: rows)
    let tensors = [state.stepno, state.rew, state.fin] + state.obs.leaves + state.act.leaves
    let columns = [layout.stepno, layout.rew, layout.fin] + layout.obs.leaves + layout.act.leaves
    let types = tensors.map { $0.elementType ?? .float32 }
    // Read once as bound, once through a step.
    let direct = tensors.map(\.numeric)
    let doubled = tensors.map { 2 * $0 }
    let executor = Executor<S>(graph, outputs: direct + doubled)
    executor.bind(storage.view, row: row)
    executor.forward()
    for index in tensors.indices {
      // Through Float if the executor computes in Float: the same rounding as a conversion.
      let expected = numbers(
        columns[index], types[index], row + rows.lowerBound..<row + rows.upperBound
      ).map { Double(S($0)) }
      #expect(executor.values(of: direct[index]).map { Double($0) } == expected, "leaf \(index)")
      #expect(
        executor.values(of: doubled[index]).map { Double($0) } == expected.map { 2 * $0 },
        "twice leaf \(index)")
    }
  }

  @Test func `every leaf is read at the rows that were traced and bound`() {
    for (rows, bound) in [(0..<1, 0), (0..<1, 3), (1..<3, 0), (1..<3, 2), (0..<5, 0)] {
      check(Float.self, rows: rows, boundAt: bound)
      check(Double.self, rows: rows, boundAt: bound)
    }
  }

  @Test func `one executor follows from row to row and from fragment to fragment`() {
    let other = FragmentStorage(storage.layout)
    Scene.fill(other.view, seed: 9)
    let graph = Graph()
    let state = TracedState(graph, storage.layout, rows: 0..<1)
    let sum = state.rew + state.fin
    let executor = Executor<Float>(graph, outputs: [sum])
    for fragment in [storage.view, other.view, storage.view] {
      for row in [2, 0, 4] {
        executor.bind(fragment, row: row)
        executor.forward()
        let expected = (0..<5).map {
          fragment.rew[row, $0] + (fragment.fin[row, $0] ? 1 : 0)
        }
        #expect(executor.values(of: sum) == expected)
      }
    }
  }

  @Test func `the two halves of a traced fragment are one row apart`() {
    let graph = Graph()
    let traced = TracedFragment(graph, storage.layout)
    let pairs = traced.current.rew + 10 * traced.next.rew
    let executor = Executor<Double>(graph, outputs: [pairs])
    executor.bind(storage.view)
    executor.forward()
    let rew = storage.view.rew
    let expected = (0..<4).flatMap { t in
      (0..<5).map { Double(rew[t, $0]) + 10 * Double(rew[t + 1, $0]) }
    }
    #expect(executor.values(of: pairs) == expected)
  }

  @Test func `a bootstrap may lie in the fragment, in either precision`() {
    let layout = storage.layout
    func returns<S: KernelScalar>(_: S.Type) -> [Double] {
      let graph = Graph()
      let state = TracedState(graph, layout, rows: 1..<4)
      let last = graph.input(layout.rew, .init(.float32, []), rows: 4..<5).reshaped([5])
      let output = Tensor.discountedReturns(
        rewards: state.rew, ends: state.fin, discount: 0.5, bootstrap: last)
      let executor = Executor<S>(graph, outputs: [output])
      executor.bind(storage.view)
      executor.forward()
      return executor.values(of: output).map { Double($0) }
    }
    let fin = numbers(layout.fin, .bool, 1..<4).map { $0 == 1 }
    let expected = NaiveEstimators.returns(
      rewards: numbers(layout.rew, .float32, 1..<4), ends: fin, environments: 5, discount: 0.5,
      bootstrap: numbers(layout.rew, .float32, 4..<5))
    // Three roundings of numbers below 2, in Float 6e-8 each.
    let narrow = firstDifference(returns(Float.self), expected, absolute: 1e-6)
    let wide = firstDifference(returns(Double.self), expected, absolute: 1e-15)
    #expect(narrow == nil && wide == nil, "\(narrow ?? "") \(wide ?? "")")
  }
}
