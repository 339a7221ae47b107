import Rollout

/// All measurements of `rlplay bench`, in the order of its table.
enum BenchmarkSuite {
  /// All measurements: from a single step to whole runs, then the kernels.
  static let all: [Benchmark] =
    StepBenchmarks.all + UpdateBenchmarks.all + ThroughputBenchmarks.all + HandOverBenchmarks.all
    + ProcessBenchmarks.all + MatrixBenchmarks.all

  /// Measurements that need more than this machine's processors, by the names under which they are
  /// asked for.
  static let groups: [(name: String, benchmarks: [Benchmark])] = [
    (MuJoCoBenchmarks.name, MuJoCoBenchmarks.all),
    (RankBenchmarks.name, RankBenchmarks.all), (RankSimulation.name, RankSimulation.all),
  ]

  /// Returns the measurements of these names, in the table's order; those of one machine for nil.
  ///
  /// - Throws: `ConfigurationError` about `--only` for an unknown name.
  static func selection(_ names: [String]?) throws(ConfigurationError) -> [Benchmark] {
    guard let names else { return all }
    let known = all.map(\.name) + groups.flatMap { [$0.name] + $0.benchmarks.map(\.name) }
    for name in names where !known.contains(name) {
      let nearest = NearestMatch.find(name, among: known)
      let suggestion = nearest.map { "Did you mean '\($0)'?" }
      throw ConfigurationError(
        "--only \(name) is not a measurement. "
          + (suggestion ?? "There are \(known.joined(separator: ", "))."),
        option: "only")
    }
    return all.filter { names.contains($0.name) }
      + groups.flatMap { group in
        group.benchmarks.filter { names.contains(group.name) || names.contains($0.name) }
      }
  }
}
