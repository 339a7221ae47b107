import Rollout

/// An index into an executor's tables of values and gradients.
struct Slot: BitwiseCopyable, Equatable {
  var index: Int32
  /// The slot of an absent operand.
  static let none = Slot(index: -1)
  var isPresent: Bool { index >= 0 }

  init(index: Int32) { self.index = index }
  init(_ node: Int) { index = Int32(node) }
}

/// A step of a plan: an operation with the slots and sizes of its operands.
///
/// It is a plain value without references. Running a list of steps neither allocates nor counts
/// references.
enum Instruction: BitwiseCopyable {
  case convert(out: Slot, x: Slot, count: Int, from: SourceType)
  case unary(UnaryOperation, out: Slot, x: Slot, count: Int)
  case binary(BinaryOperation, out: Slot, left: Slot, right: Slot, count: Int, Broadcast)
  case reduce(Reduction, out: Slot, x: Slot, count: Int)
  case linear(LinearShape, out: Slot, x: Slot, weight: Slot, packed: Slot, bias: Slot)
  /// `patches` is scratch memory of `ConvolutionShape.roomCount` elements, reused by every image.
  case convolution(ConvolutionShape, out: Slot, x: Slot, weight: Slot, bias: Slot, patches: Slot)
  /// `statistics` keeps two numbers of each row for the gradient.
  case layerNorm(
    out: Slot, x: Slot, weight: Slot, bias: Slot, statistics: Slot, rows: Int, width: Int,
    epsilon: Double)
  case recurrent(RecurrentShape, out: Slot, RecurrentSlots)
  case embedding(out: Slot, table: Slot, indices: Slot, rows: Int, width: Int)
  /// Copies columns from one matrix to another: concatenation, slicing or repetition.
  case strip(Strip, out: Slot, x: Slot)
  /// Copies columns of int32.
  case integerStrip(Strip, out: Slot, x: Slot)
  case oneHot(out: Slot, x: Slot, rows: Int, count: Int)
  case oneHotBits(out: Slot, x: Slot, rows: Int, bits: Int)
  case indexOfLargest(out: Slot, x: Slot, rows: Int, count: Int)
  /// Exchanges the two axes of each of several matrices.
  case swapAxes(out: Slot, x: Slot, matrices: Int, rows: Int, columns: Int)
  case sumLastAxis(out: Slot, x: Slot, rows: Int, width: Int)
  case logSoftmax(out: Slot, x: Slot, rows: Int, classes: Int)
  case pick(out: Slot, x: Slot, indices: Slot, rows: Int, classes: Int)
  case choose(ChoiceShape, out: Slot, flags: Slot, chosen: Slot, other: Slot)
  /// `choose` for elements of another type than the executor's scalar.
  case chooseBytes(
    out: Slot, flags: Slot, chosen: Slot, other: Slot, rows: Int, byteCount: Int)
  case accumulateBackwards(
    out: Slot, x: Slot, weights: Slot, last: Slot, steps: Int, columns: Int)
  case pack(out: Slot, weight: Slot, outputs: Int, inputs: Int)
  /// The gradient of `count` rows of a linear layer's weight; nothing is computed forwards.
  case weightGradient(
    LinearShape, first: Int, count: Int, out: Slot, x: Slot, weight: Slot)
  /// The gradient of a linear layer's bias; nothing is computed forwards.
  case biasGradient(LinearShape, out: Slot, bias: Slot)
  /// The gradient of an embedding's table through a linear layer; nothing is computed forwards.
  ///
  /// `sums` is scratch memory for two rows of the layer's outputs per row of the table.
  case tableGradient(
    TableShape, out: Slot, weight: Slot, table: Slot, indices: Slot, sums: Slot)
  /// The gradient of a convolution's kernels for `count` channels; nothing is computed forwards.
  ///
  /// `patches` is scratch memory for one image's patches of these channels. The bias may be absent.
  case kernelGradient(
    ConvolutionShape, first: Int, count: Int, out: Slot, x: Slot, weight: Slot, bias: Slot,
    patches: Slot)

  /// The operand whose numbers are repeated over several elements.
  enum Broadcast: BitwiseCopyable, Equatable {
    /// Both operands have a number for each element.
    case none
    /// The operand is a scalar.
    case left, right
    /// The operand has one number for each row of that width.
    case leftRows(width: Int), rightRows(width: Int)

    /// Returns the index in the left operand of an element.
    func leftIndex(_ index: Int) -> Int {
      switch self {
      case .left: 0
      case .leftRows(let width): index / width
      case .none, .right, .rightRows: index
      }
    }

    /// Returns the index in the right operand of an element.
    func rightIndex(_ index: Int) -> Int {
      switch self {
      case .right: 0
      case .rightRows(let width): index / width
      case .none, .left, .leftRows: index
      }
    }
  }

  /// The element type of bound memory before conversion.
  enum SourceType: BitwiseCopyable {
    case float32, float64, int32, int64, byte

    init(_ type: ElementType) {
      self =
        switch type {
        case .float32: .float32
        case .float64: .float64
        case .int32: .int32
        case .int64: .int64
        case .uint8, .bool: .byte
        }
    }
  }

  /// `width` columns of `rows` rows: their starts and row strides in source and destination.
  struct Strip: BitwiseCopyable {
    var rows: Int
    var width: Int
    var outStart = 0
    var outStride: Int
    var start = 0
    /// 0 to repeat one row.
    var stride: Int
  }

  /// A recurrent layer's operands and scratch memory.
  struct RecurrentSlots: BitwiseCopyable {
    var projected: Slot
    var weight: Slot
    var packed: Slot
    var bias: Slot
    var resets: Slot
    var hidden: Slot
    /// The cell state of an LSTM; a GRU has the hidden state here and does not read it.
    var cell: Slot
    var previous: Slot
    var gates: Slot
    /// Absent without a gradient.
    var carriedGradient: Slot
    /// Its gradient is that by h W_hhᵀ + b_hh; the projection for an LSTM, which adds the two.
    var recurrentGradient: Slot
  }

  struct LinearShape: BitwiseCopyable {
    var rows: Int
    var inputs: Int
    var outputs: Int
    var activation: Activation
    /// True if no other step adds to the input's gradient, which is then set and not cleared.
    var isOnlyReader: Bool
  }
}

extension Instruction.Broadcast {
  /// Creates the broadcast of two compatible shapes.
  init(_ left: [Int], _ right: [Int]) {
    let counts = (left.reduce(1, *), right.reduce(1, *))
    if counts.0 == counts.1 {
      self = .none
    } else if counts.0 == 1 {
      self = .left
    } else if counts.1 == 1 {
      self = .right
    } else if counts.0 < counts.1 {
      self = .leftRows(width: right.last ?? 1)
    } else {
      self = .rightRows(width: left.last ?? 1)
    }
  }
}
