/// Memory for the frames of stacked observations, which keeps each frame once.
///
/// An observation is a stack of frames along its first axis, the oldest first, as the wrapper
/// `frame-stack` shows it. Consecutive stacks of an environment share all frames but one. A stored
/// fragment has references to its frames, and its other fields. Frames are shared if their bytes
/// are equal, so an assembled stack always has the bytes of the stored one.
///
/// Memory for frames is allocated as they are stored, and used again after their release.
package final class FrameStore {
  /// The packed layout of a fragment with references in place of observations.
  ///
  /// A reference is the number of a frame plus 1, and 0 where there is none.
  package let storedLayout: FragmentLayout
  /// The number of frames that are referred to.
  package var frameCount: Int { referenceCounts.count - free.count }

  private let depth: Int
  private let frameByteCount: Int
  private var chunks: [FlatVector<UInt8>] = []
  private var referenceCounts: [Int32] = []
  private var free: [Int32] = []
  /// The stacks of the last rows of environments, [tails, depth], and when each was stored.
  private var tails: [Int32]
  private var tailTurns: [Int]
  private var turn = 0
  /// The stack of the row before, and of the present row.
  private var (former, stack): ([Int32], [Int32])

  private static let framesPerChunk = 256

  /// Creates a store without frames.
  ///
  /// - Parameters:
  ///   - layout: the layout of the fragments; the observation is a Box with the stack as its first
  ///     axis.
  ///   - depth: the number of frames in a stack.
  ///   - environmentCount: the number of environments whose fragments follow each other.
  package init(_ layout: FragmentLayout, depth: Int, environmentCount: Int) {
    storedLayout = Self.storedLayout(layout, depth: depth)
    self.depth = depth
    frameByteCount = Self.frameByteCount(layout, depth: depth)
    tails = Array(repeating: 0, count: environmentCount * depth)
    tailTurns = Array(repeating: 0, count: environmentCount)
    (former, stack) = (Array(repeating: 0, count: depth), Array(repeating: 0, count: depth))
  }

  /// Returns the size of a frame in bytes.
  package static func frameByteCount(_ layout: FragmentLayout, depth: Int) -> Int {
    let byteCount = layout.columns[layout.obsPlaces.lowerBound].environmentStride
    precondition(
      layout.obsPlaces.count == 1 && depth > 0 && byteCount.isMultiple(of: depth),
      "observations of \(byteCount) bytes as stacks of \(depth)")
    return byteCount / depth
  }

  /// Returns the layout of stored fragments.
  package static func storedLayout(_ layout: FragmentLayout, depth: Int) -> FragmentLayout {
    var contents = layout.contents
    contents.spaces.observation = .box(
      shape: [depth], low: 0, high: Double(Int32.max), elementType: .int32)
    return FragmentLayout(
      stepCount: layout.stepCount, environmentCount: layout.environmentCount, contents: contents
    ).packed
  }

  // MARK: Storing

  /// Stores a fragment.
  ///
  /// - Parameters:
  ///   - fragment: the fragment.
  ///   - stored: a fragment of `storedLayout` without references to release.
  package func store(_ fragment: FragmentView, in stored: FragmentView) {
    turn += 1
    let layout = fragment.layout
    for environment in 0..<layout.environmentCount {
      stored.copyFields(of: environment, of: fragment, to: environment)
      let tail = findTail(of: fragment, environment)
      for place in 0..<depth { stack[place] = tail.map { tails[$0 * depth + place] } ?? 0 }
      for row in 0...layout.stepCount {
        if row > 0 || tail == nil {
          swap(&former, &stack)
          resolve(LeafRow(fragment, layout.obsPlaces, row: row, environment: environment))
        }
        refer(stored, stored.layout.obsPlaces, row, environment)
        guard row < layout.stepCount else { break }
        guard fragment.terminated[row, environment] || fragment.truncated[row, environment] else {
          clear(stored, row, environment)
          continue
        }
        swap(&former, &stack)
        resolve(LeafRow(fragment, layout.finalObsPlaces, row: row, environment: environment))
        refer(stored, stored.layout.finalObsPlaces, row, environment)
        // The next row is compared with this one's stack.
        swap(&former, &stack)
      }
      keepTail(at: tail)
    }
  }

  /// Releases the frames of a stored fragment.
  package func release(_ stored: FragmentView) {
    let (obs, finals) = references(stored)
    for environment in 0..<stored.layout.environmentCount {
      for place in 0..<depth {
        for row in 0...stored.layout.stepCount { release(obs[row, environment, place]) }
        for row in 0..<stored.layout.stepCount { release(finals[row, environment, place]) }
      }
    }
  }

  /// Copies one environment of a stored fragment, with its stacks assembled.
  ///
  /// Final observations are assembled where an episode ended, and stay as they are elsewhere.
  ///
  /// - Parameters:
  ///   - environment: the environment of the stored fragment.
  ///   - stored: the stored fragment.
  ///   - target: a fragment of the original fields.
  ///   - place: the environment of `target` to write.
  package func load(
    _ environment: Int, of stored: FragmentView, into target: FragmentView, at place: Int
  ) {
    target.copyFields(of: environment, of: stored, to: place)
    let (obs, finals) = references(stored)
    assemble(obs, environment, in: target, target.layout.obsPlaces, place)
    assemble(finals, environment, in: target, target.layout.finalObsPlaces, place)
  }

  private func assemble(
    _ references: ColumnView<Int32>, _ environment: Int, in target: FragmentView,
    _ columns: Range<Int>, _ place: Int
  ) {
    for row in 0..<target.layout.columns[columns.lowerBound].rowCount {
      let leaf = LeafRow(target, columns, row: row, environment: place)
      for part in 0..<depth {
        let reference = references[row, environment, part]
        guard reference > 0 else { continue }
        let (chunk, range) = frame(reference)
        leaf.set(part * frameByteCount, to: chunk, range)
      }
    }
  }

  // MARK: Parts

  private func references(
    _ stored: FragmentView
  ) -> (obs: ColumnView<Int32>, finals: ColumnView<Int32>) {
    let columns = stored.layout.columns
    return (
      stored.column(columns[stored.layout.obsPlaces.lowerBound]),
      stored.column(columns[stored.layout.finalObsPlaces.lowerBound])
    )
  }

  private func frame(_ reference: Int32) -> (chunk: FlatVector<UInt8>, range: Range<Int>) {
    let (chunk, place) = Int(reference - 1).quotientAndRemainder(dividingBy: Self.framesPerChunk)
    return (chunks[chunk], place * frameByteCount..<(place + 1) * frameByteCount)
  }

  /// Returns true if a frame of a stack has the bytes of a stored one.
  private func isEqual(_ leaf: LeafRow, _ part: Int, _ reference: Int32) -> Bool {
    guard reference > 0 else { return false }
    let (chunk, range) = frame(reference)
    return leaf.isEqual(part * frameByteCount, to: chunk, range)
  }

  /// Returns the tail that a fragment's first row continues.
  private func findTail(of fragment: FragmentView, _ environment: Int) -> Int? {
    let leaf = LeafRow(fragment, fragment.layout.obsPlaces, row: 0, environment: environment)
    return tailTurns.indices.first { tail in
      // Each tail is that of one environment; those of this fragment are already continued.
      tailTurns[tail] < turn
        && (0..<depth).allSatisfy { isEqual(leaf, $0, tails[tail * depth + $0]) }
    }
  }

  /// Keeps the stack of the last row as a tail, in place of the one before or of the oldest.
  private func keepTail(at known: Int?) {
    let tail = known ?? tailTurns.indices.min { tailTurns[$0] < tailTurns[$1] }
    guard let tail else { return }
    for place in 0..<depth {
      retain(stack[place])
      release(tails[tail * depth + place])
      tails[tail * depth + place] = stack[place]
    }
    tailTurns[tail] = turn
  }

  /// Sets `stack` to the references of an observation, given `former` of the row before.
  private func resolve(_ leaf: LeafRow) {
    for part in 0..<depth {
      let following = part + 1 < depth ? former[part + 1] : 0
      let earlier = part > 0 ? stack[part - 1] : 0
      stack[part] =
        isEqual(leaf, part, following)
        ? following : isEqual(leaf, part, earlier) ? earlier : add(leaf, part)
    }
  }

  private func add(_ leaf: LeafRow, _ part: Int) -> Int32 {
    if free.isEmpty {
      let first = Int32(referenceCounts.count)
      chunks.append(FlatVector(repeating: 0, count: Self.framesPerChunk * frameByteCount))
      referenceCounts += Array(repeating: 0, count: Self.framesPerChunk)
      free += (first..<first + Int32(Self.framesPerChunk)).reversed().map { $0 + 1 }
    }
    let reference = free.removeLast()
    let (chunk, range) = frame(reference)
    leaf.copy(
      part * frameByteCount..<(part + 1) * frameByteCount, to: chunk, at: range.lowerBound)
    return reference
  }

  /// Writes the references of `stack`.
  private func refer(
    _ stored: FragmentView, _ columns: Range<Int>, _ row: Int, _ environment: Int
  ) {
    let numbers: ColumnView<Int32> = stored.column(stored.layout.columns[columns.lowerBound])
    for place in 0..<depth {
      retain(stack[place])
      numbers[row, environment, place] = stack[place]
    }
  }

  private func clear(_ stored: FragmentView, _ row: Int, _ environment: Int) {
    let finals = references(stored).finals
    for place in 0..<depth { finals[row, environment, place] = 0 }
  }

  private func retain(_ reference: Int32) { referenceCounts[Int(reference - 1)] += 1 }

  private func release(_ reference: Int32) {
    guard reference > 0 else { return }
    referenceCounts[Int(reference - 1)] -= 1
    if referenceCounts[Int(reference - 1)] == 0 { free.append(reference) }
  }
}
