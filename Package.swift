// swift-tools-version: 6.2

import Foundation
import PackageDescription

// MARK: Instruction set

/// The processor to build for.
///
/// A name that clang's `-march` knows, or `baseline` for the platform's default without any unsafe
/// flag.
let march = Context.environment["RLPLAY_MARCH"] ?? "native"

/// Returns true if the target processor has a feature, named as in /proc/cpuinfo.
///
/// For `native`, the building machine is examined. A named target is assumed to have the features
/// of its level.
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
  // Spans as results: the views of memory tell how long their spans are valid.
  .enableExperimentalFeature("Lifetimes"),
]

if march != "baseline" {
  // `-march` reaches Swift's code generator through the clang importer's target.
  settings.append(.unsafeFlags(["-Xcc", "-march=\(march)"]))
  // C's square root would have to set errno; that branch prevents loops from being vectorized.
  settings.append(.unsafeFlags(["-Xcc", "-fno-math-errno"]))
}
if march != "baseline", hasFeature("fma", levels: v3 + v4) {
  // Without FMA instructions, a fused multiply-add is a libm call for every lane.
  settings.append(.define("RLPLAY_FMA"))
}
if march != "baseline", hasFeature("avx512f", levels: v4) {
  // With 32 registers of 16 floats, matrix products keep a larger block of the result in registers.
  settings.append(.define("RLPLAY_AVX512"))
}
if Context.environment["RLPLAY_STRICT"] != nil {
  // Set by Scripts/check.sh; a user's build must not fail because of a newer compiler's warning.
  settings.append(.treatAllWarnings(as: .error))
}

/// The settings of compute code: optimized in debug builds too, or tests would take minutes.
///
/// Test code is not optimized: most of it runs once, and optimizing it would take longer than
/// building the whole library.
var optimized = settings
if march != "baseline" {
  optimized.append(
    .unsafeFlags(
      ["-O", "-whole-module-optimization", "-num-threads", "2", "-disable-batch-mode"],
      .when(configuration: .debug)))
}

/// The settings of modules without any pointer: unsafe expressions are warnings there.
///
/// Scripts/check_fence.sh checks `Rollout` and `Actor`, which have pointers in some folders.
let fenced = optimized + [.strictMemorySafety()]

// MARK: Swift's runtime

/// The settings of the program's release build, which has Swift's runtime inside and one fixed
/// address if the toolchain has what that takes.
///
/// A worker is a process, and relocating shared libraries would be more than half of its start.
/// `RLPLAY_LINK=dynamic` keeps them shared, and release builds of all tests need it.
let programLinking: [LinkerSetting] = {
  // The toolchain whose libraries the process that reads this file has loaded.
  let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
  guard march != "baseline", Context.environment["RLPLAY_LINK"] != "dynamic",
    let line = maps.split(separator: "\n").first(where: { $0.contains("/lib/swift/") }),
    let start = line.firstIndex(of: "/"), let end = line.range(of: "/lib/swift/")
  else { return [] }
  let toolchain = line[start..<end.lowerBound]
  // Libraries that a module compiled for the shared runtime does not ask for.
  let libraries = [
    "Foundation", "CoreFoundation", "_FoundationCollections", "FoundationInternationalization",
    "_FoundationICU", "FoundationEssentials", "_FoundationCShims", "BlocksRuntime", "dispatch",
    "swiftDispatch",
  ]
  let needed = ["/bin/ld.lld"] + libraries.map { "/lib/swift_static/linux/lib\($0).a" }
  guard needed.allSatisfy({ FileManager.default.fileExists(atPath: toolchain + $0) }) else {
    return []
  }
  let flags = ["-static-stdlib", "-use-ld=lld", "-Xclang-linker", "-no-pie"]
  return [
    .unsafeFlags(
      flags + (libraries + ["stdc++", "m"]).map { "-l\($0)" }, .when(configuration: .release))
  ]
}()

// MARK: Package

let package = Package(
  name: "rlplay",
  products: [
    .executable(name: "rlplay", targets: ["rlplay"]),
    .library(name: "Rollout", targets: ["Rollout"]),
    .library(name: "Actor", targets: ["Actor"]),
    .library(name: "Learner", targets: ["Learner"]),
    .library(name: "Worker", targets: ["Worker"]),
    .library(name: "RolloutCommand", targets: ["RolloutCommand"]),
  ],
  targets: [
    // Collection and its data layout: no network, no gradient, no worker.
    .target(name: "Rollout", swiftSettings: optimized),
    // From observation to action: the traced graph, its kernels, parameters and policies.
    .target(name: "Actor", dependencies: ["Rollout"], swiftSettings: optimized),
    // From fragments to new weights: objectives, optimizers, collectors, evaluation, records.
    .target(name: "Learner", dependencies: ["Rollout", "Actor"], swiftSettings: fenced),
    // The loop of a worker process.
    .target(name: "Worker", dependencies: ["Rollout", "Actor"], swiftSettings: fenced),
    // The command-line program: options, help, errors, dispatch. Any program can include it.
    .target(
      name: "RolloutCommand", dependencies: ["Rollout", "Actor", "Learner", "Worker"],
      path: "Sources/rlplay/Command", swiftSettings: fenced),
    .executableTarget(
      name: "rlplay", dependencies: ["RolloutCommand"], path: "Sources/rlplay/Main",
      swiftSettings: fenced, linkerSettings: programLinking),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["Rollout"], path: "Tests/TestSupport",
      exclude: ["Reference"], swiftSettings: optimized),
    // A user-defined training program with faulty environments.
    .executableTarget(
      name: "FaultyTrainer",
      dependencies: ["Rollout", "Actor", "Learner", "Worker", "RolloutCommand"],
      path: "Tests/FaultyTrainer", swiftSettings: optimized),
    // Counts for Scripts/check_allocations.sh and Scripts/check_instructions.py.
    .executableTarget(
      name: "Allocations", dependencies: ["Rollout", "Actor", "Learner"],
      path: "Tests/Allocations", swiftSettings: optimized),
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
        "rlplay", "RolloutCommand", "FaultyTrainer", "Rollout", "Actor", "Learner", "Worker",
        "TestSupport",
      ],
      swiftSettings: settings),
  ]
)

if Context.environment["RLPLAY_FUZZ"] != nil {
  // Scripts/check_fuzz.sh sets it. libFuzzer brings the main function, so nothing else can link it.
  package.targets.append(
    .executableTarget(
      name: "Fuzz", dependencies: ["Rollout", "Learner", "RolloutCommand"], path: "Tests/Fuzz",
      exclude: ["Corpus"], swiftSettings: optimized))
}

if let names = Context.environment["RLPLAY_TARGETS"] {
  // The scripts that build once more set it, to build these targets and their dependencies alone.
  var needed = Set(names.split(separator: ",").map(String.init))
  for target in package.targets.reversed() where needed.contains(target.name) {
    for case .byNameItem(let name, _) in target.dependencies { needed.insert(name) }
  }
  package.targets.removeAll { !needed.contains($0.name) }
  package.products = []
}
