import Rollout

/// The state of recurrent layers between rows: h and, for an LSTM, c.
public struct RecurrentState {
  /// h of each layer, [B, size].
  public var hidden: [Tensor]
  /// c of each layer, [B, size]; empty for a GRU.
  public var cell: [Tensor]

  /// Creates a state from one tensor for each layer.
  public init(hidden: [Tensor], cell: [Tensor] = []) {
    self.hidden = hidden
    self.cell = cell
  }
}

extension Graph {
  /// Applies PyTorch's `LSTM` over the first axis and zeroes the state where an episode ended.
  ///
  ///     i, f, o = σ(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh)   g = tanh(…)
  ///     c′ = f c + i g   h′ = o tanh c′
  ///
  /// The parameters of layer n are `<name>.weight_ih_l<n>` [4 · size, features] with the gates in
  /// the order i, f, g, o, `weight_hh_l<n>` [4 · size, size], and `bias_ih_l<n>` and `bias_hh_l<n>`
  /// [4 · size]. All are drawn from U(±1/√size). With `weights`, the two weights are drawn from
  /// that and the biases are zero. Each layer after the first reads the h of the layer before.
  ///
  /// Gradients flow through all rows, into `state` and from the returned state.
  ///
  /// Source: Hochreiter and Schmidhuber (1997), "Long short-term memory", with the forget gate of
  /// Gers, Schmidhuber and Cummins (2000).
  ///
  /// - Parameters:
  ///   - x: [T, B, features].
  ///   - size: the number of elements of h and of c per environment.
  ///   - layers: the number of stacked layers.
  ///   - state: the state before the first row: [B, size] for each layer.
  ///   - resets: [T, B], not 0 where the step into the row ended an episode: the state is zeroed
  ///     before that row.
  ///   - name: the name of the layers, a prefix of their parameters' names.
  ///   - weights: the initialization of the weights; `nil` for PyTorch's.
  /// - Returns: the last layer's h after each row [T, B, size] and the state of all layers after
  ///   the last row.
  /// - Precondition: there is at least one row; `state` has h and c of every layer.
  public func lstm(
    _ x: Tensor, size: Int, layers: Int = 1, from state: RecurrentState, resets: Tensor,
    name: String, weights: Initialization? = nil
  ) -> (output: Tensor, state: RecurrentState) {
    precondition(
      state.hidden.count == layers && state.cell.count == layers,
      "an LSTM of \(layers) layers has a state of \(state.hidden.count) h, \(state.cell.count) c")
    let (output, states) = recurrent(
      .lstm, x, size: size, from: state, resets: resets, name: name, weights)
    return (output, states.afterLastRow)
  }

  /// Applies PyTorch's `GRU` over the first axis and zeroes the state where an episode ended.
  ///
  ///     r, z = σ(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh)   n = tanh(x W_inᵀ + b_in + r (h W_hnᵀ + b_hn))
  ///     h′ = (1 − z) n + z h
  ///
  /// Parameters, initialization, arguments and results are those of `lstm`, but with 3 · size in
  /// place of 4 · size, the gates in the order r, z, n, and no c.
  ///
  /// Source: Cho et al. (2014), "Learning phrase representations using RNN encoder–decoder", with r
  /// applied after the product as in PyTorch.
  ///
  /// - Precondition: there is at least one row; `state` has the h of every layer and no c.
  public func gru(
    _ x: Tensor, size: Int, layers: Int = 1, from state: RecurrentState, resets: Tensor,
    name: String, weights: Initialization? = nil
  ) -> (output: Tensor, state: RecurrentState) {
    precondition(
      state.hidden.count == layers && state.cell.isEmpty,
      "a GRU of \(layers) layers has a state of \(state.hidden.count) h, \(state.cell.count) c")
    let (output, states) = recurrent(
      .gru, x, size: size, from: state, resets: resets, name: name, weights)
    return (output, states.afterLastRow)
  }

  /// Applies recurrent layers as `lstm` and `gru` do, and returns their states after each row.
  ///
  /// - Returns: the last layer's h after each row, and h and c of all layers after each row: [T, B,
  ///   size] for each layer.
  func recurrent(
    _ cell: RecurrentCell, _ x: Tensor, size: Int, from state: RecurrentState, resets: Tensor,
    name: String, _ weights: Initialization?
  ) -> (output: Tensor, states: RecurrentState) {
    precondition(
      x.shape.count == 3 && x.shape[0] > 0,
      "a recurrent layer needs rows [T, B, features], not \(x.shape)")
    let (steps, environments) = (x.shape[0], x.shape[1])
    precondition(
      resets.shape == [steps, environments],
      "resets of shape \(resets.shape) do not fit rows of shape \(x.shape)")
    for tensor in state.hidden + state.cell {
      precondition(
        tensor.shape == [environments, size],
        "a state of shape \(tensor.shape), not \([environments, size])")
    }
    let resets = resets.numeric
    var output = x.numeric
    var after = RecurrentState(hidden: [])
    for (layer, hidden) in state.hidden.enumerated() {
      let weightBound = Initialization.uniform(1 / Double(max(size, 1)).squareRoot())
      let biasBound = weights == nil ? weightBound : .constant(0)
      let width = cell.gateCount * size
      func weight(_ kind: String, _ inputs: Int) -> Tensor {
        parameter("\(name).weight_\(kind)_l\(layer)", [width, inputs], weights ?? weightBound)
      }
      func bias(_ kind: String) -> Tensor {
        parameter("\(name).bias_\(kind)_l\(layer)", [width], biasBound)
      }
      // PyTorch's order, which is the order of the flat vector and of the random draws.
      let inputWeight = weight("ih", output.lastAxis)
      let recurrentWeight = weight("hh", size)
      let inputBias = bias("ih")
      let recurrentBias = bias("hh")
      // All rows at once: only the product with h depends on the row before.
      let projected = append(
        .linear(.identity), [output, inputWeight, inputBias], [steps, environments, width])
      var operands = [projected, recurrentWeight, recurrentBias, resets, hidden.numeric]
      if cell == .lstm { operands.append(state.cell[layer].numeric) }
      let states = append(
        .recurrent(cell), operands, [cell.stateCount, steps, environments, size])
      func afterEachRow(_ index: Int) -> Tensor {
        states.rows(index..<index + 1).reshaped([steps, environments, size])
      }
      output = afterEachRow(0)
      after.hidden.append(output)
      if cell == .lstm { after.cell.append(afterEachRow(1)) }
    }
    return (output, after)
  }
}

extension RecurrentState {
  /// The state after the last row, [B, size] for each layer, of the states after each row.
  fileprivate var afterLastRow: RecurrentState {
    RecurrentState(hidden: hidden.map(\.lastRow), cell: cell.map(\.lastRow))
  }
}

extension Tensor {
  /// The last row [B, …] of a tensor [T, B, …].
  var lastRow: Tensor { rows(shape[0] - 1..<shape[0]).reshaped(Array(shape.dropFirst())) }
}
