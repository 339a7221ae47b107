import Rollout

/// How actions are drawn from what a policy says, on both sides: traced for the learner, by numbers in a worker.
public protocol ActionDistribution: Sendable {
  /// How many scores a network has to give for each row.
  var scoreCount: Int { get }

  /// How many numbers the fragment records as `logits` for each row.
  var logitCount: Int { get }

  /// What the fragment records as `logits` [rows, B, logitCount], of a network's scores [rows, B, scoreCount].
  ///
  /// A distribution may have parameters of its own: it asks the scores' graph for them.
  func logits(from scores: Tensor) -> Tensor

  /// log π of the actions taken, [rows, B].
  func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor

  /// The entropy at each row, [rows, B].
  func entropy(of logits: Tensor) -> Tensor

  /// Draws an action for each environment and writes it into a row of the fragment's `act`.
  ///
  /// - Parameters:
  ///   - logits: as recorded, [B, …].
  ///   - choice: at random, or the likeliest.
  ///   - streams: one for each environment; only drawn from when choosing at random.
  ///   - actions: where the actions go.
  func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow)
}

/// Whether actions are drawn or the likeliest one is taken.
public enum ActionChoice: String, Sendable {
  /// Drawn from the distribution.
  case sample
  /// The likeliest.
  case greedy
}

/// What a policy said at one row, [B, width]; valid during the call that it was handed to.
public struct LogitsView {
  /// B.
  public let environmentCount: Int
  /// Numbers for each environment.
  public let width: Int
  /// How far apart the environments' numbers lie: more than `width` in a part of a composition.
  let stride: Int
  let base: UnsafePointer<Float>

  /// One number.
  @inline(__always)
  public subscript(environment: Int, index: Int) -> Float { row(environment)[index] }

  /// Where the numbers of one environment lie.
  @inline(__always)
  func row(_ environment: Int) -> UnsafePointer<Float> { base + environment &* stride }
}

/// Where the actions of a policy's environments at one row go, leaf by leaf in declared order.
///
/// Valid during the call that it was handed to.
public struct ActionRow {
  let fragment: UnsafeMutableRawPointer
  /// The leaf to be written and those behind it.
  let columns: UnsafePointer<Column>
  let row: Int
  /// The fragment's environment that is the policy's first.
  let firstEnvironment: Int

  /// Numbers that the first leaf holds for each environment.
  public var elementCount: Int { columns.pointee.elementCount }

  /// Writes one number of the first leaf.
  ///
  /// - Precondition: the element has the leaf's width.
  public func store<Element: RecordableScalar>(
    _ element: Element, environment: Int, index: Int = 0
  ) {
    leaf(as: Element.self)[environment &* elementCount &+ index] = element
  }

  /// The leaves from the `count`-th on, for the next part of a composition.
  public func dropping(_ count: Int) -> ActionRow {
    ActionRow(
      fragment: fragment, columns: columns + count, row: row, firstEnvironment: firstEnvironment)
  }

  /// The first leaf [B, elementCount].
  @inline(__always)
  func leaf<Element: RecordableScalar>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
    let column = columns.pointee
    precondition(
      column.environmentStride == column.elementCount &* MemoryLayout<Element>.stride,
      "actions of another type than their space's")
    return (fragment + column.offset(row: row, environment: firstEnvironment))
      .assumingMemoryBound(to: Element.self)
  }
}

/// One random stream for each environment, drawn from in place.
public final class RandomStreamBuffer {
  let streams: UnsafeMutableBufferPointer<PCG64>
  /// Whose streams these are, where they are another's.
  private let owner: RandomStreamBuffer?

  /// Takes over a stream for each environment.
  public init(_ streams: [PCG64]) {
    self.streams = .copy(of: streams)
    owner = nil
  }

  /// Draws from another's streams of some environments, counted from the first of them.
  init(sharing owner: RandomStreamBuffer, _ range: Range<Int>) {
    streams = UnsafeMutableBufferPointer(rebasing: owner.streams[range])
    self.owner = owner
  }

  deinit { if owner == nil { streams.deallocate() } }
}

/// The distribution that fits an action space.
public enum ActionDistributions {
  /// Finds the distribution for a space.
  ///
  /// - Throws: `PolicyError` for a space that has none.
  public static func fitting(_ space: Space) throws(PolicyError) -> any ActionDistribution {
    let leaves = space.parts
    if let leaf = leaves.value { return try fitting(leaf, named: "logits") }
    var parts: [any ActionDistribution] = []
    for (leaf, path) in zip(leaves.leaves, leaves.paths(below: "logits")) {
      parts.append(try fitting(leaf, named: path))
    }
    guard !parts.isEmpty else {
      throw PolicyError("there is no action distribution for \(space), which holds nothing")
    }
    return CompositeDistribution(parts)
  }

  /// The distribution of a space that is no container, its parameters named after the leaf.
  private static func fitting(
    _ leaf: Space, named path: String
  ) throws(PolicyError) -> any ActionDistribution {
    switch leaf {
    case .discrete(let count): return Categorical(count: count)
    case .multiDiscrete(let counts): return MultiCategorical(counts: counts)
    case .multiBinary(let count): return Bernoulli(count: count)
    case .box(let shape, _, _, let type) where type == .float32 || type == .float64:
      return DiagonalGaussian(count: shape.reduce(1, *), parameterName: "\(path).log_std")
    case .box, .tuple, .dict:
      throw PolicyError(
        """
        there is no action distribution for \(leaf): use Discrete, MultiDiscrete, MultiBinary \
        or a Box of float32 or float64
        """)
    }
  }
}
