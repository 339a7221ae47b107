import Rollout

/// A distribution of actions: traced as a graph in the learner, sampled from numbers in a worker.
///
/// A policy returns the one that it uses, so a custom distribution comes with a custom policy.
public protocol ActionDistribution: Sendable {
  /// The number of scores that the network outputs per row.
  var scoreCount: Int { get }

  /// The number of values that the fragment records as `logits` per row.
  var logitCount: Int { get }

  /// Returns the recorded `logits` [rows, B, logitCount] for scores [rows, B, scoreCount].
  ///
  /// A distribution may have parameters. It declares them in the scores' graph.
  func logits(from scores: Tensor) -> Tensor

  /// Returns log π of the actions taken, [rows, B].
  func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor

  /// Returns the entropy at each row, [rows, B].
  func entropy(of logits: Tensor) -> Tensor

  /// Draws an action for each environment and writes it into a row of the fragment's `act`.
  ///
  /// - Parameters:
  ///   - logits: the recorded logits, [B, …].
  ///   - choice: a random action or the most likely one.
  ///   - streams: one for each environment; only drawn from when sampling.
  ///   - actions: the destination of the actions.
  func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow)
}

/// The rule of choosing an action from a distribution.
public enum ActionChoice: String, Sendable {
  /// A random action, drawn from the distribution.
  case sample
  /// The most likely action.
  case greedy
}

/// The logits of one row, [B, width]; valid during the call that receives it.
public struct LogitsView {
  /// The number of environments, B.
  public let environmentCount: Int
  /// The number of logits per environment.
  public let width: Int
  /// The distance between two environments' logits; above `width` in a part of a composition.
  let stride: Int
  let base: UnsafePointer<Float>

  /// The logit of an environment at an index.
  @inline(__always)
  public subscript(environment: Int, index: Int) -> Float { row(environment)[index] }

  /// Returns the address of an environment's logits.
  @inline(__always)
  func row(_ environment: Int) -> UnsafePointer<Float> { base + environment &* stride }
}

/// The destination of one row's actions, leaf by leaf in declared order.
///
/// Valid during the call that receives it.
public struct ActionRow {
  let fragment: UnsafeMutableRawPointer
  /// The column of the leaf to be written, followed by those of the remaining leaves.
  let columns: UnsafePointer<Column>
  let row: Int
  /// The number in the fragment of the policy's first environment.
  let firstEnvironment: Int

  /// The number of elements per environment in the first leaf.
  public var elementCount: Int { columns.pointee.elementCount }

  /// Writes one element of the first leaf.
  ///
  /// - Precondition: the size of `Element` is that of the leaf's elements.
  public func store<Element: RecordableScalar>(
    _ element: Element, environment: Int, index: Int = 0
  ) {
    leaf(as: Element.self)[environment &* elementCount &+ index] = element
  }

  /// Returns the leaves from the `count`-th on, for the next part of a composition.
  public func dropping(_ count: Int) -> ActionRow {
    ActionRow(
      fragment: fragment, columns: columns + count, row: row, firstEnvironment: firstEnvironment)
  }

  /// Returns the address of the first leaf, [B, elementCount].
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

/// One random stream per environment, advanced in place.
public final class RandomStreamBuffer {
  let streams: UnsafeMutableBufferPointer<PCG64>
  /// The owner of shared streams; `nil` if the streams belong to this buffer.
  private let owner: RandomStreamBuffer?

  /// Creates a buffer with copies of the streams, one for each environment.
  public init(_ streams: [PCG64]) {
    self.streams = .copy(of: streams)
    owner = nil
  }

  /// Shares the streams of a range of another buffer's environments, numbered from 0.
  init(sharing owner: RandomStreamBuffer, _ range: Range<Int>) {
    streams = UnsafeMutableBufferPointer(rebasing: owner.streams[range])
    self.owner = owner
  }

  deinit { if owner == nil { streams.deallocate() } }

  /// The stream of an environment.
  public subscript(environment: Int) -> PCG64 {
    get { streams[environment] }
    set { streams[environment] = newValue }
  }
}

/// The choice of a distribution by action space.
public enum ActionDistributions {
  /// Returns the distribution for a space.
  ///
  /// - Throws: `PolicyError` for a space without a distribution.
  public static func fitting(_ space: Space) throws(PolicyError) -> any ActionDistribution {
    let leaves = space.parts
    if let leaf = leaves.value { return try fitting(leaf, named: "logits") }
    var parts: [any ActionDistribution] = []
    for (leaf, path) in zip(leaves.leaves, leaves.paths(below: "logits")) {
      parts.append(try fitting(leaf, named: path))
    }
    guard !parts.isEmpty else {
      throw PolicyError("there is no action distribution for \(space), which has no parts")
    }
    return CompositeDistribution(parts)
  }

  /// Returns the distribution of a leaf space, its parameters named after the leaf.
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
