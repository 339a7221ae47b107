/// Suggestions for mistyped names.
package enum NearestMatch {
  /// Returns the candidate closest to the typed name; nil if none is close enough to suggest.
  ///
  /// A candidate is close if its edit distance is at most a third of the typed length (and at least
  /// 1), or if it begins with the typed name of three letters or more. So `CartPole` finds
  /// `CartPole-v1`. Case is ignored: names that differ in case alone have distance 0. Of equally
  /// close candidates the earlier one wins, so the caller's order is the order of preference.
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

  /// Returns the number of insertions, deletions, replacements and swaps of neighboring letters.
  ///
  /// This is the restricted Damerau–Levenshtein distance: no letter is edited twice. A swap counts
  /// as one edit because it is the most common typing error.
  ///
  /// - Complexity: O(m·n) time and space, for names of m and n letters.
  package static func editDistance(_ first: [Character], _ second: [Character]) -> Int {
    // distances[i][j] is the distance between the first i letters of one and the first j of the
    // other.
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
