/// The information of episodes in progress: of each number that of the last step and the sum.
///
/// Parts with several elements are left out. A number that is NaN or infinite does not count.
package struct EpisodeInformation {
  /// The names of the results: `info/is_success`, `info_sum/is_success` and so on.
  package let names: [String]

  private let leaves: [(column: Column, type: ElementType)]
  /// The results [environments, names]; NaN without a number.
  private var results: [Double]

  /// Creates the results of environments whose steps are in fragments of a layout.
  package init(of layout: FragmentLayout, environmentCount: Int) {
    let space = layout.contents.spaces.information
    names = Self.names(of: space)
    leaves = zip(layout.info.leaves, space.leaves.leaves.map(\.elementType))
      .filter { $0.0.elementCount == 1 }
    results = Array(repeating: .nan, count: environmentCount * 2 * leaves.count)
  }

  /// Returns the names of the results for a space of information.
  package static func names(of space: Space) -> [String] {
    zip(space.leaves.paths(), space.leaves.leaves).flatMap { path, leaf in
      leaf.elementCount == 1 ? ["info/\(path)", "info_sum/\(path)"] : []
    }
  }

  /// The results of one environment, in the order of `names`.
  package subscript(index: Int) -> ArraySlice<Double> {
    results[index * names.count..<(index + 1) * names.count]
  }

  /// Begins an episode in one environment.
  package mutating func begin(_ index: Int) {
    for place in index * names.count..<(index + 1) * names.count { results[place] = .nan }
  }

  /// Adds the step of one environment from row t.
  ///
  /// - Parameters:
  ///   - column: the environment's index in the fragment.
  ///   - index: its index here.
  package mutating func add(_ fragment: FragmentView, at t: Int, of column: Int, to index: Int) {
    for (number, leaf) in leaves.enumerated() {
      let place = index * names.count + 2 * number
      let value = fragment.number(leaf.column, leaf.type, row: t, environment: column, element: 0)
      results[place] = value.isFinite ? value : .nan
      guard value.isFinite else { continue }
      results[place + 1] = results[place + 1].isNaN ? value : results[place + 1] + value
    }
  }
}
