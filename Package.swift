// swift-tools-version: 6.2

import Foundation
import PackageDescription

// MARK: Instruction set

/// The processor to build for: a name that clang's `-march` knows, or `baseline` for the platform's
/// default without a single unsafe flag.
let march = Context.environment["RLPLAY_MARCH"] ?? "native"

/// Whether the chosen processor has a feature, named as /proc/cpuinfo names it.
///
/// For `native` the building machine is asked. A named target counts as having what its level promises.
func hasFeature(_ name: String, levels: [String]) -> Bool {
  guard march == "native" else { return levels.contains { march.hasPrefix($0) } }
  #if arch(arm64)
    return name == "fma"
  #else
    let description = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let flags = description.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    return flags.split(separator: " ").contains { $0 == name }
  #endif
}

let v3 = ["x86-64-v3", "haswell", "broadwell", "znver1", "znver2", "znver3", "armv8"]
let v4 = ["x86-64-v4", "skylake-avx512", "icelake", "sapphirerapids", "znver4", "znver5"]

// MARK: Settings

var settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

if march != "baseline" {
  // `-march` reaches Swift's code generator through the clang importer's target.
  settings.append(.unsafeFlags(["-Xcc", "-march=\(march)"]))
  // A square root is one of C's, which would have to set errno: a branch that keeps loops from being vectorised.
  settings.append(.unsafeFlags(["-Xcc", "-fno-math-errno"]))
}
if march != "baseline", hasFeature("fma", levels: v3 + v4) {
  // Without the instruction, a fused multiply-add is a call into libm for every lane.
  settings.append(.define("RLPLAY_FMA"))
}
if march != "baseline", hasFeature("avx512f", levels: v4) {
  // 32 registers of 16 floats: matrix products keep a larger block of the result in registers.
  settings.append(.define("RLPLAY_AVX512"))
}
if Context.environment["RLPLAY_STRICT"] != nil {
  // Scripts/check.sh asks for this; a user's build is not to fail over a newer compiler's warning.
  settings.append(.treatAllWarnings(as: .error))
}

/// The settings of code that computes: optimized in debug builds too, or the tests would take
/// minutes.
///
/// The tests' own code is not: most of it runs once, and optimizing it takes longer than the whole
/// library.
var optimized = settings
if march != "baseline" {
  optimized.append(
    .unsafeFlags(
      ["-O", "-whole-module-optimization", "-num-threads", "2", "-disable-batch-mode"],
      .when(configuration: .debug)))
}

// MARK: Package

let package = Package(
  name: "rlplay",
  products: [
    .executable(name: "rlplay", targets: ["rlplay"]),
    .library(name: "Rollout", targets: ["Rollout"]),
    .library(name: "Actor", targets: ["Actor"]),
    .library(name: "Learner", targets: ["Learner"]),
    .library(name: "Worker", targets: ["Worker"]),
  ],
  targets: [
    // What is collected and where it lies: no network, no gradient, no worker.
    .target(name: "Rollout", swiftSettings: optimized),
    // Observation to action: the traced graph, its kernels, parameters and policies.
    .target(name: "Actor", dependencies: ["Rollout"], swiftSettings: optimized),
    // Fragments to new weights: objectives, optimisers, collectors, evaluation, records.
    .target(name: "Learner", dependencies: ["Rollout", "Actor"], swiftSettings: optimized),
    // The loop inside a worker process.
    .target(name: "Worker", dependencies: ["Rollout", "Actor"], swiftSettings: optimized),
    // The command: options, help, errors, dispatch.
    .executableTarget(
      name: "rlplay", dependencies: ["Rollout", "Actor", "Learner", "Worker"],
      swiftSettings: optimized),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["Rollout"], path: "Tests/TestSupport",
      exclude: ["Reference"], swiftSettings: optimized),
    // A trainer of its own, as a user would write one, whose environments misbehave.
    .executableTarget(
      name: "FaultyTrainer", dependencies: ["Rollout", "Learner", "Worker"],
      path: "Tests/FaultyTrainer", swiftSettings: optimized),
    .testTarget(
      name: "RolloutTests", dependencies: ["Rollout", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "ActorTests", dependencies: ["Rollout", "Actor", "TestSupport"], swiftSettings: settings
    ),
    .testTarget(
      name: "LearnerTests", dependencies: ["Rollout", "Actor", "Learner", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "rlplayTests",
      dependencies: [
        "rlplay", "FaultyTrainer", "Rollout", "Actor", "Learner", "Worker", "TestSupport",
      ],
      swiftSettings: settings),
  ]
)
