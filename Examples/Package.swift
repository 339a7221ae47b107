// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Examples",
  // The name is explicit because the parent directory may have any name.
  dependencies: [.package(name: "rlplay", path: "..")],
  targets: [
    .executableTarget(
      name: "Catch",
      dependencies: ["Rollout", "Actor", "Learner", "Worker"].map {
        .product(name: $0, package: "rlplay")
      }),
    .executableTarget(
      name: "Dock",
      dependencies: ["Rollout", "RolloutCommand"].map { .product(name: $0, package: "rlplay") }),
    .executableTarget(name: "Monolith"),
    .executableTarget(
      name: "CubeFigures",
      dependencies: ["Rollout", "Actor", "Learner"].map {
        .product(name: $0, package: "rlplay")
      }),
    .executableTarget(
      name: "Overview",
      dependencies: ["Rollout", "Actor", "Learner", "RolloutCommand"].map {
        .product(name: $0, package: "rlplay")
      }),
    .executableTarget(
      name: "Mine",
      dependencies: ["Rollout", "Actor", "Learner", "RolloutCommand"].map {
        .product(name: $0, package: "rlplay")
      }),
  ]
)
