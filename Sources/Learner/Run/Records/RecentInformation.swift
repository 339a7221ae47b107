import Rollout

/// The information of the latest hundred episodes, from the batches learned from.
///
/// A sum needs all steps of its episode: there is none if a fragment between them was dropped or
/// lost with its worker.
struct RecentInformation {
  /// The results of episodes by name, such as `info/is_success` and `info_sum/is_success`.
  private(set) var recent: [String: RecentReturns]
  /// The number of episodes that ended.
  private(set) var episodeCount = 0

  private let environmentCount: Int
  private let mayWait: Bool
  /// The results before any step.
  private let fresh: EpisodeInformation
  private var workers: [UInt32: Episodes] = [:]

  /// The episodes in progress of a worker.
  private struct Episodes {
    var incarnation: UInt32 = 0
    var nextFragment = UInt64.max
    var results: EpisodeInformation
    /// True if all steps of the episode so far were seen [B].
    var areWhole: [Bool]
  }

  /// Creates the results for batches of some fragments each.
  ///
  /// - Parameter former: the results of the run before it was resumed.
  init(of layout: FragmentLayout, fragmentCount: Int, resuming former: [String: RecentReturns]) {
    environmentCount = layout.environmentCount / fragmentCount
    mayWait = layout.contents.mayWait
    fresh = EpisodeInformation(of: layout, environmentCount: environmentCount)
    recent = former
  }

  /// The mean of each result of the latest hundred episodes that have it.
  var means: [(name: String, value: Double)] {
    fresh.names.compactMap { name in recent[name]?.mean.map { (name, $0) } }
  }

  /// The names that no step had.
  var unheard: [String] {
    stride(from: 0, to: fresh.names.count, by: 2).compactMap { place in
      let names = fresh.names[place...place + 1]
      guard names.allSatisfy({ recent[$0] == nil }) else { return nil }
      return String(fresh.names[place].dropFirst("info/".count))
    }
  }

  /// Adds the steps of a batch.
  mutating func add(_ batch: FragmentBatch) {
    if fresh.names.isEmpty { return }
    for (place, header) in batch.headers.enumerated() {
      var episodes =
        workers.removeValue(forKey: header.worker)
        ?? Episodes(
          results: fresh, areWhole: Array(repeating: false, count: environmentCount))
      if header.index != episodes.nextFragment || header.incarnation != episodes.incarnation {
        for index in 0..<environmentCount { episodes.areWhole[index] = false }
      }
      (episodes.incarnation, episodes.nextFragment) = (header.incarnation, header.index + 1)
      for index in 0..<environmentCount {
        add(batch.view, of: place * environmentCount + index, to: index, &episodes)
      }
      workers[header.worker] = episodes
    }
  }

  /// Adds the steps of one environment of a batch.
  private mutating func add(
    _ fragment: FragmentView, of column: Int, to index: Int, _ episodes: inout Episodes
  ) {
    let (stepno, fin) = (fragment.stepno, fragment.fin)
    let (terminated, truncated) = (fragment.terminated, fragment.truncated)
    for t in 0..<fragment.layout.stepCount {
      // After an end, the environment waits or is only reset.
      if mayWait, fin[t, column], fin[t + 1, column],
        !terminated[t, column], !truncated[t, column]
      {
        continue
      }
      if stepno[t, column] == 0 {
        episodes.results.begin(index)
        episodes.areWhole[index] = true
      }
      episodes.results.add(fragment, at: t, of: column, to: index)
      guard fin[t + 1, column] else { continue }
      episodeCount += 1
      for (place, result) in zip(fresh.names.indices, episodes.results[index])
      where result.isFinite && (place % 2 == 0 || episodes.areWhole[index]) {
        recent[fresh.names[place], default: RecentReturns()].add(result)
      }
    }
  }
}
