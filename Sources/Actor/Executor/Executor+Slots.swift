import Rollout

extension Executor {
  /// Sets the values of a slot to a part of a vector.
  ///
  /// - Precondition: the slot has as many values as the range.
  @inline(__always)
  func set(_ slot: Slot, to vector: FlatVector<Scalar>, _ range: Range<Int>) {
    check(slot, range.count)
    let numbers = vector.mutableSpan(range)
    numbers.withUnsafeBufferPointer {
      guard let first = $0.baseAddress else { return }
      self[slot].update(from: first, count: range.count)
    }
  }

  /// Copies the values of a slot to a part of a vector.
  ///
  /// - Precondition: the slot has as many values as the range.
  @inline(__always)
  func copy(_ slot: Slot, to vector: FlatVector<Scalar>, _ range: Range<Int>) {
    check(slot, range.count)
    var numbers = vector.mutableSpan(range)
    numbers.withUnsafeMutableBufferPointer {
      $0.baseAddress?.update(from: self[slot], count: range.count)
    }
  }

  /// Copies the values of a slot to a row of some environments in a fragment.
  ///
  /// - Precondition: the slot has as many values as the column for these environments.
  @inline(__always)
  func copy(
    _ slot: Slot, to fragment: FragmentView, _ column: Column, row: Int, of range: Range<Int>
  ) {
    let byteCount = column.environmentStride &* range.count
    check(slot, byteCount / MemoryLayout<Scalar>.stride)
    fragment.address(column, row, range).copyMemory(from: self[slot], byteCount: byteCount)
  }

  @inline(__always)
  private func check(_ slot: Slot, _ count: Int) {
    precondition(
      count <= elementCounts.base[Int(slot.index)], "\(count) values of a slot with fewer")
  }
}

extension Executor<Float> {
  /// Returns a view of a slot's values as logits [B, width], valid until the next pass.
  ///
  /// - Precondition: the slot has as many values.
  func logits(_ slot: Slot, environmentCount: Int, width: Int) -> LogitsView {
    check(slot, environmentCount &* width)
    return LogitsView(
      environmentCount: environmentCount, width: width, stride: width,
      base: UnsafePointer(self[slot]))
  }
}
