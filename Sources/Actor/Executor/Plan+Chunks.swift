import Rollout

// The body in chunks of rows, for several threads. Goals in order of priority: the same bits as
// without chunks; few places at which threads wait for each other; an even load.

/// A stretch of a plan's steps, and the chunks that compute the same at the same time.
struct Phase {
  /// The steps in the plan's body.
  var steps: Range<Int>
  /// The chunks for ranges of rows; empty if the steps run one after the other.
  var rowChunks = 0..<0
  /// The chunks for the gradients of parameters, which sum over all rows.
  var parameterChunks = 0..<0
}

extension Plan {
  /// The estimated time, in nanoseconds, from which a stretch of steps is divided.
  static var usualStretch: Double { 4_000 }
  /// The outputs of a linear layer whose weight gradients a chunk computes at least.
  private static var smallestSlice: Int { 32 }

  /// Divides the body into phases, and those of much work into chunks of rows.
  ///
  /// A stretch of steps is divided if each row of a result depends only on the same row of other
  /// results. A chunk then runs the whole stretch for its rows. The rows of a recurrent layer are
  /// its environments: a chunk runs over all times for some of them. Gradients of parameters are
  /// sums over all rows: other chunks compute them afterwards, each some elements over all rows.
  /// Every number is therefore computed by the same operations in the same order as without chunks.
  mutating func divide(among threadCount: Int, from smallestStretch: Double) {
    var phases: [Phase] = []
    var start = 0
    while start < body.count {
      var stretch = Stretch(rowCount: rowCount(from: start))
      var end = start
      while end < body.count, extend(&stretch, by: body[end]) { end += 1 }
      let steps = start..<max(end, start + 1)
      if body[steps].reduce(0.0, { $0 + $1.nanoseconds }) >= smallestStretch,
        end > start, stretch.rowCount >= threadCount
      {
        phases.append(divide(steps, of: stretch.rowCount, among: threadCount))
      } else if let last = phases.last, last.rowChunks.isEmpty {
        phases[phases.count - 1].steps = last.steps.lowerBound..<steps.upperBound
      } else {
        phases.append(Phase(steps: steps))
      }
      start = steps.upperBound
    }
    guard phases.contains(where: { !$0.rowChunks.isEmpty }) else { return }
    self.phases = phases
    // Each step of the prologue packs another weight.
    guard prologue.reduce(0.0, { $0 + $1.nanoseconds }) >= smallestStretch else { return }
    let first = chunks.count
    for step in prologue { addChunk([step]) }
    prologueChunks = first..<chunks.count
  }

  /// Returns the number of rows of the next layer, by which a stretch is divided.
  private func rowCount(from start: Int) -> Int {
    if case .recurrent(let shape, _, _) = body[start] { return shape.environments }
    for step in body[start...] {
      switch step {
      case .linear(let shape, _, _, _, _, _): return shape.rows
      case .convolution(let shape, _, _, _, _, _): return shape.images
      case .layerNorm(_, _, _, _, _, let rows, _, _): return rows
      default: continue
      }
    }
    return 0
  }

  /// Adds a step to a stretch; returns false if it does not belong to it.
  private mutating func extend(_ stretch: inout Stretch, by step: Instruction) -> Bool {
    guard stretch.rowCount > 0 else { return false }
    var cut = Cut(rows: 0..<stretch.rowCount, of: stretch.rowCount, isTrial: true)
    guard part(step, &cut) != nil, cut.isPossible, stretch.accepts(cut.touched) else {
      return false
    }
    stretch.touched += cut.touched
    return true
  }

  private mutating func divide(
    _ steps: Range<Int>, of rowCount: Int, among threadCount: Int
  ) -> Phase {
    var phase = Phase(steps: steps)
    let first = chunks.count
    for rows in rowRanges(body[steps.lowerBound], of: rowCount, among: threadCount) {
      var cut = Cut(rows: rows, of: rowCount, isTrial: false)
      addChunk(body[steps].compactMap { part($0, &cut) })
    }
    phase.rowChunks = first..<chunks.count
    for step in body[steps].reversed() { addParameterChunks(step, among: threadCount) }
    phase.parameterChunks = phase.rowChunks.upperBound..<chunks.count
    return phase
  }

  /// Returns the rows of each chunk of a stretch.
  private func rowRanges(
    _ first: Instruction, of rowCount: Int, among threadCount: Int
  ) -> [Range<Int>] {
    if case .recurrent = first {
      // A product of fewer rows than a block has takes nearly as long as one of a whole block.
      let chunkCount = rowCount >= 16 * threadCount ? 2 * threadCount : threadCount
      return parts(of: rowCount, unit: 1, chunkCount)
    }
    // Two chunks for each thread: one that begins late or is interrupted does fewer. Whole lines of
    // the cache belong to one chunk if there are enough rows.
    return parts(of: rowCount, unit: rowCount >= 64 * threadCount ? 16 : 1, 2 * threadCount)
  }

  private mutating func addChunk(_ steps: [Instruction]) {
    chunks.append(chunkSteps.count..<chunkSteps.count + steps.count)
    chunkSteps += steps
  }

  /// Adds the chunks that compute the gradients of a step's parameters.
  private mutating func addParameterChunks(_ step: Instruction, among threadCount: Int) {
    switch step {
    case .linear(let shape, let out, let x, let weight, _, let bias):
      guard carriesGradient(out) else { return }
      if carriesGradient(weight) {
        for outputs in parts(of: shape.outputs, unit: Self.smallestSlice, 2 * threadCount) {
          addChunk([
            .weightGradient(
              shape, first: outputs.lowerBound, count: outputs.count, out: out, x: x,
              weight: weight)
          ])
        }
        if carriesGradient(bias) { addChunk([.biasGradient(shape, out: out, bias: bias)]) }
      }
    case .recurrent(let shape, let out, let slots):
      guard carriesGradient(out) else { return }
      // As those of a linear layer whose inputs are the states before each row.
      let layer = Instruction.LinearShape(
        rows: shape.steps * shape.environments, inputs: shape.size,
        outputs: shape.cell.gateCount * shape.size, activation: .identity, isOnlyReader: false)
      addParameterChunks(
        .linear(
          layer, out: slots.recurrentGradient, x: slots.previous, weight: slots.weight,
          packed: .none, bias: slots.bias),
        among: threadCount)
    case .convolution(let shape, let out, let x, let weight, let bias, _):
      guard carriesGradient(out), carriesGradient(weight) else { return }
      for channels in parts(of: shape.channels, unit: 1, 2 * threadCount) {
        addChunk([
          .kernelGradient(
            shape, first: channels.lowerBound, count: channels.count, out: out, x: x,
            weight: weight, bias: channels.lowerBound == 0 ? bias : .none,
            patches: scratch(shape.places * shape.with(channels: channels.count).depth))
        ])
      }
    case .layerNorm(
      let out, let x, let weight, let bias, let statistics, let rows, let width, let epsilon):
      guard carriesGradient(out), carriesGradient(weight) else { return }
      addChunk([
        .layerNorm(
          out: out, x: view(of: x, from: 0, carriesGradient: false), weight: weight, bias: bias,
          statistics: statistics, rows: rows, width: width, epsilon: epsilon)
      ])
    case .embedding(let out, let table, _, _, _):
      guard carriesGradient(table) else { return }
      addChunk(carriesGradient(out) ? [step] : tableSteps[Int(out.index), default: []])
    default: return
    }
  }

  /// Returns at most `partCount` ranges of about the same size, of whole units.
  private func parts(of count: Int, unit: Int, _ partCount: Int) -> [Range<Int>] {
    let units = (count + unit - 1) / unit
    let size = max(1, (units + partCount - 1) / partCount) * unit
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  func carriesGradient(_ slot: Slot) -> Bool {
    slot.isPresent && needsGradient[Int(slot.index)]
  }
}

extension Instruction {
  /// A rough estimate of the time of a step, forwards, on one core.
  fileprivate var nanoseconds: Double {
    switch self {
    case .linear(let shape, _, _, _, _, _):
      Double(2 * shape.rows * shape.inputs * shape.outputs) / 150
        + Double(shape.rows * shape.outputs) * (shape.activation == .tanh ? 0.3 : 0.05)
    case .convolution(let shape, _, _, _, _, _):
      Double(shape.images * shape.places * shape.depth) * (Double(2 * shape.outputs) / 150 + 0.1)
    case .unary(.activation, _, _, let count), .unary(.exponential, _, _, let count),
      .unary(.logarithm, _, _, let count), .unary(.sigmoid, _, _, let count):
      Double(count) * 0.3
    case .unary(_, _, _, let count), .binary(_, _, _, _, let count, _),
      .convert(_, _, let count, _):
      Double(count) * 0.05
    case .layerNorm(_, _, _, _, _, let rows, let width, _): Double(rows * width) * 0.3
    case .recurrent(let shape, _, _):
      Double(shape.steps * shape.gateRowCount) * (Double(2 * shape.size) / 100 + 0.3)
    case .embedding(_, _, _, let rows, let width): Double(rows * width) * 0.1
    case .strip(let strip, _, _), .integerStrip(let strip, _, _):
      Double(strip.rows * strip.width) * 0.2
    case .logSoftmax(_, _, let rows, let classes): Double(rows * classes) * 0.5
    case .pack(_, _, let outputs, let inputs): Double(outputs * inputs) * 0.3
    default: 0
    }
  }
}
