// What runs backwards in time, and what is chosen row by row. Plain loops over environments side by side, which
// the optimiser turns into vectors; vectors cut short by hand would wait for what they have just stored.

extension Kernels {
  /// out [steps, columns]: out[t] = x[t] + weights[t] out[t+1], from the last row to the first.
  ///
  /// `last` [columns] stands for the row behind the last one; zeros when it is nil. A weight of 0 cuts: nothing behind it is
  /// seen, NaN neither.
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

  /// out [rows, width] = the rows of `chosen` where the flag is not 0, those of `other` elsewhere.
  ///
  /// What is not chosen does not matter, NaN neither. Either may be a single number.
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

  /// dChosen += dy where the flag is not 0, dOther += dy elsewhere: the gradient of `choose`, of either where one flows.
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

  /// The same choice among rows of so many bytes, whatever they hold.
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

/// How flags go together with what they choose among.
struct ChoiceShape: BitwiseCopyable {
  /// A flag each.
  var rows: Int
  /// Elements that a flag chooses.
  var width: Int
  /// Whether one number stands for all elements.
  var chosenIsSingle: Bool
  var otherIsSingle: Bool
}
