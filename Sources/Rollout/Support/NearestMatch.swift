/// Finds the name that a mistyped one was probably meant to be.
package enum NearestMatch {
  /// The candidate closest to what was typed, or nothing where none is close enough to suggest.
  ///
  /// Close is an edit distance of at most a third of what was typed (and at least one), or a beginning
  /// of three letters or more, so that `CartPole` finds `CartPole-v1`. Case is ignored: names that
  /// differ in case alone are at distance zero. Of equally close candidates the earlier one wins, so the
  /// caller's order is the order of preference.
  package static func find(_ typed: String, among candidates: [String]) -> String? {
    let letters = Array(typed.lowercased())
    let limit = max(1, letters.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let other = Array(candidate.lowercased())
      let distance = editDistance(letters, other)
      let isBeginning = letters.count >= 3 && other.starts(with: letters)
      guard distance <= limit || isBeginning, distance < max(letters.count, other.count) else {
        continue
      }
      if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    return best?.name
  }

  /// Counts the letters to insert, delete, replace or swap with a neighbour to get from one to the other.
  ///
  /// This is the restricted Damerau-Levenshtein distance: no letter is edited twice. A swap counts as
  /// one since it is the commonest slip of fast typing.
  ///
  /// - Complexity: O(m·n) time and space, for names of m and n letters.
  package static func editDistance(_ first: [Character], _ second: [Character]) -> Int {
    // distances[i][j] is the distance of the first i letters of one to the first j of the other.
    var distances = [[Int]](
      repeating: Array(0...second.count), count: first.count + 1)
    for i in 0...first.count { distances[i][0] = i }
    for i in first.indices {
      for j in second.indices {
        let replacement = distances[i][j] + (first[i] == second[j] ? 0 : 1)
        var distance = min(replacement, distances[i][j + 1] + 1, distances[i + 1][j] + 1)
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
          distance = min(distance, distances[i - 1][j - 1] + 1)
        }
        distances[i + 1][j + 1] = distance
      }
    }
    return distances[first.count][second.count]
  }
}
