// Scans backwards in time and selections by row. These are plain loops over adjacent environments,
// which the compiler vectorizes; handwritten partial vectors would wait for values just stored.

extension Kernels {
  /// Computes out[t] = x[t] + weights[t] out[t+1] in out [steps, columns], from the last row on.
  ///
  /// `last` [columns] is the row after the last one; nil for zeros. A weight of 0 hides everything
  /// after it, even NaN.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func accumulateBackwards<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weights: UnsafePointer<S>,
    last: UnsafePointer<S>?, steps: Int, columns: Int
  ) {
    var later = last
    var row = steps &* columns
    while row > 0 {
      row &-= columns
      let (out, x, weights) = (out + row, x + row, weights + row)
      if let later {
        for column in 0..<columns {
          let weight = weights[column]
          out[column] = weight == 0 ? x[column] : x[column] + weight * later[column]
        }
      } else {
        out.update(from: x, count: columns)
      }
      later = UnsafePointer(out)
    }
  }

  /// Sets out [rows, width] to the rows of `chosen` where the flag is not 0, else to `other`.
  ///
  /// The elements not chosen have no influence, not even NaN. Either operand may be a scalar.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func choose<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ flags: UnsafePointer<S>, _ chosen: UnsafePointer<S>,
    _ other: UnsafePointer<S>, _ shape: ChoiceShape
  ) {
    if shape.width == 1 {
      let (yes, no) = (chosen[0], other[0])
      switch (shape.chosenIsSingle, shape.otherIsSingle) {
      case (false, false):
        for r in 0..<shape.rows { out[r] = flags[r] != 0 ? chosen[r] : other[r] }
      case (true, false): for r in 0..<shape.rows { out[r] = flags[r] != 0 ? yes : other[r] }
      case (false, true): for r in 0..<shape.rows { out[r] = flags[r] != 0 ? chosen[r] : no }
      case (true, true): for r in 0..<shape.rows { out[r] = flags[r] != 0 ? yes : no }
      }
      return
    }
    for r in 0..<shape.rows {
      let isSet = flags[r] != 0
      let from = isSet ? chosen : other
      let start = r &* shape.width
      if isSet ? shape.chosenIsSingle : shape.otherIsSingle {
        fill(out + start, from[0], shape.width)
      } else {
        (out + start).update(from: from + start, count: shape.width)
      }
    }
  }

  /// Computes the gradients of `choose`: dChosen += dy where the flag is not 0, else dOther += dy.
  ///
  /// Either may be absent.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func chooseBackward<S: KernelScalar>(
    _ dChosen: UnsafeMutablePointer<S>?, _ dOther: UnsafeMutablePointer<S>?,
    _ flags: UnsafePointer<S>, _ dy: UnsafePointer<S>, _ shape: ChoiceShape
  ) {
    for r in 0..<shape.rows {
      let isSet = flags[r] != 0
      guard let target = isSet ? dChosen : dOther else { continue }
      let start = r &* shape.width
      if isSet ? shape.chosenIsSingle : shape.otherIsSingle {
        target[0] += sum(dy + start, count: shape.width)
      } else {
        accumulate(target + start, dy + start, shape.width) { v in v }
      }
    }
  }

  /// Chooses as `choose` does among rows of `byteCount` bytes of any type.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func chooseBytes<S: KernelScalar>(
    _ out: UnsafeMutableRawPointer, _ flags: UnsafePointer<S>, _ chosen: UnsafeRawPointer,
    _ other: UnsafeRawPointer, rows: Int, byteCount: Int
  ) {
    for r in 0..<rows {
      let start = r &* byteCount
      (out + start).copyMemory(
        from: (flags[r] != 0 ? chosen : other) + start, byteCount: byteCount)
    }
  }
}

/// The sizes of a choice.
struct ChoiceShape: BitwiseCopyable {
  /// The number of flags.
  var rows: Int
  /// The number of elements per flag.
  var width: Int
  /// True if the operand is a scalar for all elements.
  var chosenIsSingle: Bool
  var otherIsSingle: Bool
}
