import Actor
import Foundation
import Rollout

/// The machine and the build that figures were measured with.
struct Machine: Sendable, Equatable {
  /// The number of processors that are online.
  let coreCount: Int
  /// The processor's model name.
  let processor: String
  /// True if kernels were built for AVX-512.
  let usesAVX512: Bool
  /// True if kernels were built with fused multiply-adds.
  let usesFMA: Bool
  /// True for a debug build; its figures mean little.
  let isDebugBuild: Bool

  /// This machine and this build.
  static var current: Machine {
    #if DEBUG
      let isDebugBuild = true
    #else
      let isDebugBuild = false
    #endif
    return Machine(
      coreCount: SystemCalls.coreCount, processor: processorName,
      usesAVX512: KernelBenchmarks.usesAVX512, usesFMA: KernelBenchmarks.usesFMA,
      isDebugBuild: isDebugBuild)
  }

  private static var processorName: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":", maxSplits: 1).last
    return name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unnamed processor"
  }

  /// The description on one line, for people.
  var text: String {
    let instructions = [usesAVX512 ? "AVX-512" : nil, usesFMA ? "FMA" : nil].compactMap(\.self)
    let set = instructions.isEmpty ? "baseline instructions" : instructions.joined(separator: ", ")
    return
      "\(coreCount) cores, \(processor), \(set), \(isDebugBuild ? "debug" : "release") build"
  }

  /// The same description as JSON, for programs.
  var json: OrderedJSON {
    var object = OrderedJSON()
    object.set("cores", coreCount)
    object.set("cpu", processor)
    object.set("RLPLAY_AVX512", usesAVX512)
    object.set("RLPLAY_FMA", usesFMA)
    object.set("build", isDebugBuild ? "debug" : "release")
    return object
  }
}
