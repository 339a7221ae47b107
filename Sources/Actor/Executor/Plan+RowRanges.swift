import Rollout

// Steps for a range of their rows, which `divide` makes chunks of.

extension Plan {
  /// A range of the rows of a stretch, and the memory that a step of it touches.
  struct Cut {
    let rows: Range<Int>
    let rowCount: Int
    /// True to find out only if a step can be divided; no slot is then added.
    let isTrial: Bool
    var isPossible = true
    var touched: [Touch] = []

    init(rows: Range<Int>, of rowCount: Int, isTrial: Bool) {
      self.rows = rows
      self.rowCount = rowCount
      self.isTrial = isTrial
    }

    /// Returns the part of `count` things that belongs to the rows.
    mutating func share(_ count: Int) -> Int {
      if !count.isMultiple(of: rowCount) { isPossible = false }
      return count / rowCount * rows.count
    }
  }

  /// A part of the arena, or of the gradients of parameters, that a step reads or writes.
  struct Touch {
    var range: Range<Int>
    var access: Access

    /// The part of the memory that belongs to a row.
    enum Access {
      /// Its share, in the order of rows.
      case rows
      /// All of it; it is only read.
      case whole
      /// One environment at each time: not adjacent.
      case environments
      /// All of the gradient of a parameter.
      case parameter
    }

    /// Returns true if chunks of two steps may touch the same memory in any order.
    func isIndependent(of other: Touch) -> Bool {
      if (access == .parameter) != (other.access == .parameter) { return true }
      if !range.overlaps(other.range) { return true }
      switch (access, other.access) {
      case (.whole, .whole): return true
      case (.rows, .rows): return range == other.range
      default: return false
      }
    }
  }

  /// The steps of a stretch so far.
  struct Stretch {
    let rowCount: Int
    var touched: [Touch] = []

    /// Returns true if a step that touches other memory can be part of the stretch.
    func accepts(_ new: [Touch]) -> Bool {
      for (index, touch) in new.enumerated() {
        for other in touched where !touch.isIndependent(of: other) { return false }
        // A parameter is touched once by its step.
        for other in new[..<index] where !touch.isIndependent(of: other) { return false }
      }
      return true
    }
  }
}

extension Plan {
  /// Returns a step for a range of its rows; nil if rows depend on each other.
  mutating func part(_ step: Instruction, _ cut: inout Cut) -> Instruction? {
    switch step {
    case .convert(let out, let x, let count, let type):
      return .convert(
        out: rows(out, count, &cut), x: rows(x, count, &cut), count: cut.share(count), from: type)
    case .unary(let operation, let out, let x, let count):
      return .unary(
        operation, out: rows(out, count, &cut), x: rows(x, count, &cut), count: cut.share(count))
    case .binary(let operation, let out, let left, let right, let count, let broadcast):
      return .binary(
        operation, out: rows(out, count, &cut),
        left: operand(left, count, broadcast.leftCount(count), &cut),
        right: operand(right, count, broadcast.rightCount(count), &cut),
        count: cut.share(count), broadcast)
    case .linear(var shape, let out, let x, let weight, let packed, let bias):
      let rowCount = shape.rows
      shape.rows = cut.share(rowCount)
      return .linear(
        shape, out: rows(out, rowCount * shape.outputs, &cut),
        x: rows(x, rowCount * shape.inputs, &cut), weight: parameter(weight, &cut),
        packed: packed, bias: parameter(bias, &cut))
    case .convolution(let shape, let out, let x, let weight, let bias, let patches):
      let images = shape.images
      let part = shape.with(images: cut.share(images))
      return .convolution(
        part, out: rows(out, images * shape.outputs * shape.places, &cut),
        x: rows(x, images * shape.imageCount, &cut), weight: parameter(weight, &cut),
        bias: parameter(bias, &cut), patches: cut.isTrial ? patches : scratch(shape.roomCount))
    case .layerNorm(
      let out, let x, let weight, let bias, let statistics, let rowCount, let width, let epsilon):
      let count = rowCount * width
      return .layerNorm(
        out: rows(out, count, &cut), x: rows(x, count, &cut), weight: parameter(weight, &cut),
        bias: parameter(bias, &cut), statistics: rows(statistics, 2 * rowCount, &cut),
        rows: cut.share(rowCount), width: width, epsilon: epsilon)
    case .recurrent(let shape, let out, let slots):
      return recurrentPart(shape, out, slots, &cut)
    case .embedding(let out, let table, let indices, let rowCount, let width):
      return .embedding(
        out: rows(out, rowCount * width, &cut), table: parameter(table, &cut),
        indices: rows(indices, rowCount, &cut), rows: cut.share(rowCount), width: width)
    case .tableGradient(let shape, let out, let weight, let table, let indices, let sums):
      // A chunk of the embedding computes it, after those of rows.
      let table = cut.isTrial ? table : view(of: table, from: 0, carriesGradient: false)
      return .tableGradient(
        shape, out: out, weight: weight, table: table, indices: indices, sums: sums)
    case .strip(let strip, let out, let x):
      let (part, out, x) = stripPart(strip, out, x, &cut)
      return .strip(part, out: out, x: x)
    case .integerStrip(let strip, let out, let x):
      let (part, out, x) = stripPart(strip, out, x, &cut)
      return .integerStrip(part, out: out, x: x)
    default: return rowFunctionPart(step, &cut)
    }
  }

  /// Returns a step that computes each row from one other, for a range of its rows.
  private mutating func rowFunctionPart(_ step: Instruction, _ cut: inout Cut) -> Instruction? {
    switch step {
    case .oneHot(let out, let x, let rowCount, let count):
      return .oneHot(
        out: rows(out, rowCount * count, &cut), x: rows(x, rowCount, &cut),
        rows: cut.share(rowCount), count: count)
    case .oneHotBits(let out, let x, let rowCount, let bits):
      return .oneHotBits(
        out: rows(out, rowCount * bits, &cut), x: rows(x, rowCount, &cut),
        rows: cut.share(rowCount), bits: bits)
    case .indexOfLargest(let out, let x, let rowCount, let count):
      return .indexOfLargest(
        out: rows(out, rowCount, &cut), x: rows(x, rowCount * count, &cut),
        rows: cut.share(rowCount), count: count)
    case .sumLastAxis(let out, let x, let rowCount, let width):
      return .sumLastAxis(
        out: rows(out, rowCount, &cut), x: rows(x, rowCount * width, &cut),
        rows: cut.share(rowCount), width: width)
    case .logSoftmax(let out, let x, let rowCount, let classes):
      return .logSoftmax(
        out: rows(out, rowCount * classes, &cut), x: rows(x, rowCount * classes, &cut),
        rows: cut.share(rowCount), classes: classes)
    case .pick(let out, let x, let indices, let rowCount, let classes):
      return .pick(
        out: rows(out, rowCount, &cut), x: rows(x, rowCount * classes, &cut),
        indices: rows(indices, rowCount, &cut), rows: cut.share(rowCount), classes: classes)
    case .choose(var shape, let out, let flags, let chosen, let other):
      let count = shape.rows * shape.width
      let flags = rows(flags, shape.rows, &cut)
      shape.rows = cut.share(shape.rows)
      return .choose(
        shape, out: rows(out, count, &cut), flags: flags,
        chosen: shape.chosenIsSingle ? whole(chosen, &cut) : rows(chosen, count, &cut),
        other: shape.otherIsSingle ? whole(other, &cut) : rows(other, count, &cut))
    case .chooseBytes(let out, let flags, let chosen, let other, let rowCount, let byteCount):
      let count = rowCount * byteCount / elementType(out).byteCount
      return .chooseBytes(
        out: rows(out, count, &cut), flags: rows(flags, rowCount, &cut),
        chosen: rows(chosen, count, &cut), other: rows(other, count, &cut),
        rows: cut.share(rowCount), byteCount: byteCount)
    default: return nil
    }
  }

  /// Returns a recurrent layer for some environments; nil if the rows to divide are others.
  private mutating func recurrentPart(
    _ shape: RecurrentShape, _ out: Slot, _ slots: Instruction.RecurrentSlots, _ cut: inout Cut
  ) -> Instruction? {
    guard cut.rowCount == shape.environments else { return nil }
    let (cell, size) = (shape.cell, shape.size)
    let width = cell.gateCount * size
    var part = shape
    part.environments = cut.rows.count
    let projected = environments(slots.projected, width, &cut)
    let hidden = environments(slots.hidden, size, &cut)
    return .recurrent(
      part, out: environments(out, size, &cut),
      .init(
        projected: projected, weight: parameter(slots.weight, &cut), packed: slots.packed,
        bias: parameter(slots.bias, &cut), resets: environments(slots.resets, 1, &cut),
        hidden: hidden, cell: cell == .lstm ? environments(slots.cell, size, &cut) : hidden,
        previous: environments(slots.previous, size, &cut),
        gates: environments(slots.gates, width, &cut),
        carriedGradient: environments(slots.carriedGradient, size, &cut),
        recurrentGradient: slots.recurrentGradient == slots.projected
          ? projected : environments(slots.recurrentGradient, width, &cut)))
  }

  private mutating func stripPart(
    _ strip: Instruction.Strip, _ out: Slot, _ x: Slot, _ cut: inout Cut
  ) -> (Instruction.Strip, Slot, Slot) {
    var part = strip
    part.rows = cut.share(strip.rows)
    return (
      part, rows(out, strip.rows * strip.outStride, &cut),
      strip.stride == 0 ? whole(x, &cut) : rows(x, strip.rows * strip.stride, &cut)
    )
  }

  // MARK: Operands

  /// Returns the operand of a function of `count` elements that has `operandCount` numbers.
  private mutating func operand(
    _ slot: Slot, _ count: Int, _ operandCount: Int, _ cut: inout Cut
  ) -> Slot {
    operandCount == 1 && count != 1
      ? whole(slot, &cut) : rows(slot, operandCount, &cut)
  }

  /// Returns the rows of a slot with `count` elements.
  private mutating func rows(_ slot: Slot, _ count: Int, _ cut: inout Cut) -> Slot {
    if case .arena(let start) = places[Int(slot.index)] {
      cut.touched.append(
        Touch(range: start..<start + count * elementType(slot).byteCount, access: .rows))
    } else if carriesGradient(slot) {
      cut.isPossible = false
    }
    let first = cut.rows.lowerBound * (count / cut.rowCount)
    if !count.isMultiple(of: cut.rowCount) { cut.isPossible = false }
    guard !cut.isTrial else { return slot }
    return view(of: slot, from: first, carriesGradient: carriesGradient(slot))
  }

  /// Returns the environments of a slot with `width` elements for each of them, one or more times.
  private mutating func environments(_ slot: Slot, _ width: Int, _ cut: inout Cut) -> Slot {
    guard slot.isPresent else { return slot }
    switch places[Int(slot.index)] {
    case .arena(let start):
      cut.touched.append(
        Touch(
          range: start..<start + nodeCount(slot) * elementType(slot).byteCount,
          access: .environments))
    case .weights where carriesGradient(slot): cut.isPossible = false
    default: break
    }
    guard !cut.isTrial else { return slot }
    return view(
      of: slot, from: cut.rows.lowerBound * width, carriesGradient: carriesGradient(slot))
  }

  /// Returns a slot that every row reads; its gradient would be a sum over all rows.
  private mutating func whole(_ slot: Slot, _ cut: inout Cut) -> Slot {
    if carriesGradient(slot) { cut.isPossible = false }
    if case .arena(let start) = places[Int(slot.index)] {
      cut.touched.append(
        Touch(
          range: start..<start + nodeCount(slot) * elementType(slot).byteCount, access: .whole))
    }
    return slot
  }

  /// Returns a slot of a parameter without its gradient, which other chunks compute.
  private mutating func parameter(_ slot: Slot, _ cut: inout Cut) -> Slot {
    guard carriesGradient(slot) else { return slot.isPresent ? whole(slot, &cut) : slot }
    guard case .weights(let start) = places[Int(slot.index)] else {
      cut.isPossible = false
      return slot
    }
    cut.touched.append(Touch(range: start..<start + nodeCount(slot), access: .parameter))
    return cut.isTrial ? slot : view(of: slot, from: 0, carriesGradient: false)
  }

  /// Returns the number of elements of a node's slot.
  private func nodeCount(_ slot: Slot) -> Int { nodes[Int(slot.index)].shape.reduce(1, *) }
}

extension Instruction.Broadcast {
  /// Returns the number of elements of the left operand of a function of `count` elements.
  fileprivate func leftCount(_ count: Int) -> Int {
    switch self {
    case .left: 1
    case .leftRows(let width): count / width
    case .none, .right, .rightRows: count
    }
  }

  /// Returns the number of elements of the right operand of a function of `count` elements.
  fileprivate func rightCount(_ count: Int) -> Int {
    switch self {
    case .right: 1
    case .rightRows(let width): count / width
    case .none, .left, .leftRows: count
    }
  }
}
