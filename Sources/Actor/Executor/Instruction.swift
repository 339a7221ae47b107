import Rollout

/// The number of a piece of memory in an executor's tables of values and gradients.
struct Slot: BitwiseCopyable, Equatable {
  var index: Int32
  /// Stands for an operand that is not there.
  static let none = Slot(index: -1)
  var isPresent: Bool { index >= 0 }

  init(index: Int32) { self.index = index }
  init(_ node: Int) { index = Int32(node) }
}

/// One step of a planned graph: an operation with its operands' slots and sizes worked out.
///
/// A plain value without references, so that running the list neither allocates nor counts references.
enum Instruction: BitwiseCopyable {
  case convert(out: Slot, x: Slot, count: Int, from: SourceType)
  case unary(UnaryOperation, out: Slot, x: Slot, count: Int)
  case binary(BinaryOperation, out: Slot, left: Slot, right: Slot, count: Int, Broadcast)
  case reduce(Reduction, out: Slot, x: Slot, count: Int)
  case linear(LinearShape, out: Slot, x: Slot, weight: Slot, transposed: Slot, bias: Slot)
  /// `patches` is room for one image's, used anew by every image.
  case convolution(ConvolutionShape, out: Slot, x: Slot, weight: Slot, bias: Slot, patches: Slot)
  /// `statistics` keeps two numbers of each row for the gradient.
  case layerNorm(
    out: Slot, x: Slot, weight: Slot, bias: Slot, statistics: Slot, rows: Int, width: Int,
    epsilon: Double)
  case recurrent(RecurrentShape, out: Slot, RecurrentSlots)
  case embedding(out: Slot, table: Slot, indices: Slot, rows: Int, width: Int)
  /// Columns copied from one matrix to another: what stands side by side, is cut out or repeats.
  case strip(Strip, out: Slot, x: Slot)
  /// The same of int32.
  case integerStrip(Strip, out: Slot, x: Slot)
  case oneHot(out: Slot, x: Slot, rows: Int, count: Int)
  case oneHotBits(out: Slot, x: Slot, rows: Int, bits: Int)
  case oneHotOfLargest(out: Slot, x: Slot, rows: Int, count: Int)
  /// The two axes of so many matrices exchanged.
  case swapAxes(out: Slot, x: Slot, matrices: Int, rows: Int, columns: Int)
  case sumLastAxis(out: Slot, x: Slot, rows: Int, width: Int)
  case logSoftmax(out: Slot, x: Slot, rows: Int, classes: Int)
  case pick(out: Slot, x: Slot, indices: Slot, rows: Int, classes: Int)
  case choose(ChoiceShape, out: Slot, flags: Slot, chosen: Slot, other: Slot)
  /// The same of elements that are not the executor's scalars.
  case chooseBytes(
    out: Slot, flags: Slot, chosen: Slot, other: Slot, rows: Int, byteCount: Int)
  case accumulateBackwards(
    out: Slot, x: Slot, weights: Slot, last: Slot, steps: Int, columns: Int)
  case transpose(out: Slot, x: Slot, rows: Int, columns: Int)

  /// Which operand has fewer numbers, that stand for several elements.
  enum Broadcast: BitwiseCopyable, Equatable {
    /// Both have a number for each element.
    case none
    /// A single number for all elements.
    case left, right
    /// A number for each row of that width.
    case leftRows(width: Int), rightRows(width: Int)

    /// Which number of the left operand belongs to an element.
    func leftIndex(_ index: Int) -> Int {
      switch self {
      case .left: 0
      case .leftRows(let width): index / width
      case .none, .right, .rightRows: index
      }
    }

    /// Which number of the right operand belongs to an element.
    func rightIndex(_ index: Int) -> Int {
      switch self {
      case .right: 0
      case .rightRows(let width): index / width
      case .none, .left, .leftRows: index
      }
    }
  }

  /// What bound memory holds when it has to be converted.
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

  /// `width` columns of `rows` rows: where they start on either side, and how far apart rows lie.
  struct Strip: BitwiseCopyable {
    var rows: Int
    var width: Int
    var outStart = 0
    var outStride: Int
    var start = 0
    /// 0 where one row stands for all.
    var stride: Int
  }

  /// A recurrent layer's operands, and memory of its own.
  struct RecurrentSlots: BitwiseCopyable {
    var projected: Slot
    var weight: Slot
    var transposed: Slot
    var bias: Slot
    var resets: Slot
    var hidden: Slot
    /// An LSTM's; a GRU has the hidden state here, which it does not read twice.
    var cell: Slot
    var previous: Slot
    var gates: Slot
    /// Absent where nothing asks for a gradient; `recurrentGradient` is a GRU's.
    var carriedGradient: Slot
    var recurrentGradient: Slot
  }

  struct LinearShape: BitwiseCopyable {
    var rows: Int
    var inputs: Int
    var outputs: Int
    var activation: Activation
  }
}
