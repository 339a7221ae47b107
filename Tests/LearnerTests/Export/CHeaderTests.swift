import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests that exported C headers compute what rlplay's own executor does.
struct CHeaderTests {
  private static let examples = ExportExample.small + ExportExample.convolutional

  /// Returns a program that makes the steps of all policies and prints their outputs.
  ///
  /// It reads the values of each step's inputs.
  private func program(_ policies: [ExportedSteps]) -> String {
    var lines = ["#include <stdio.h>"]
    lines += policies.indices.map { "#include \"policy_\($0).h\"" }
    lines += ["static double number(void) {", "  double x = 0;"]
    lines += ["  if (scanf(\"%lf\", &x) != 1) printf(\"end\\n\");", "  return x;", "}"]
    for (index, steps) in policies.enumerated() {
      lines += ["static int play_\(index)(void) {"]
      let name = "policy_\(index)"
      let (inputs, outputs) = (steps.exported.inputs, steps.exported.outputs)
      let carried = inputs.filter(\.isCarried)
      if inputs.count > carried.count { lines.append("  \(name)_input input;") }
      if !carried.isEmpty { lines.append("  \(name)_state state = {0};") }
      lines.append("  \(name)_output output;")
      lines.append("  for (int t = 0; t < \(ExportedSteps.stepCount); t++) {")
      for input in inputs {
        let member = "\(input.isCarried ? "state" : "input").\(member(input))"
        lines.append("    \(loop(input, "\(member)\(element(input)) = number();"))")
      }
      let arguments =
        (inputs.count > carried.count ? ["&input"] : []) + (carried.isEmpty ? [] : ["&state"])
      lines.append(
        "    if (\(name)_step(\((arguments + ["&output"]).joined(separator: ", "))) != 0) return 1;"
      )
      for output in outputs {
        let isNext = carried.contains { "next.\($0.name)" == output.name }
        let member = isNext ? "state.\(member(output).dropFirst(5))" : "output.\(member(output))"
        lines.append(
          "    \(loop(output, "printf(\"%.17g\\n\", (double)\(member)\(element(output)));"))")
      }
      lines += ["  }", "  return 0;", "}"]
    }
    lines.append("int main(void) {")
    lines += policies.indices.map { "  if (play_\($0)()) return \($0 + 1);" }
    return (lines + ["  return 0;", "}", ""]).joined(separator: "\n")
  }

  private func member(_ value: ExportedPolicy.Value) -> String {
    String(value.name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  private func element(_ value: ExportedPolicy.Value) -> String { value.shape.isEmpty ? "" : "[i]" }

  private func loop(_ value: ExportedPolicy.Value, _ statement: String) -> String {
    value.shape.isEmpty
      ? statement : "for (int i = 0; i < \(value.shape.reduce(1, *)); i++) \(statement)"
  }

  @Test(
    .enabled(if: CCompiler.name != nil, "\(CCompiler.absence)"), .timeLimit(.minutes(10)))
  func `a compiled header says the same as rlplay`() throws {
    let policies = try Self.examples.map { try ExportedSteps($0, environmentCount: 1) }
    try withTemporaryDirectory { directory in
      func file(_ name: String) -> URL { directory.appendingPathComponent(name) }
      for (index, steps) in policies.enumerated() {
        try Data(steps.exported.header(named: "policy_\(index)").utf8)
          .write(to: file("policy_\(index).h"))
      }
      try Data(program(policies).utf8).write(to: file("main.c"))
      let inputs = policies.flatMap { steps in
        (0..<ExportedSteps.stepCount).flatMap { t in
          steps.exported.inputs.flatMap { steps.value($0, row: t, environment: 0) }
        }
      }
      try Data(inputs.map { "\($0)\n" }.joined().utf8).write(to: file("inputs"))
      try CCompiler.compile(file("main.c"), to: file("main"))
      var printed = try CCompiler.run(file("main").path, input: file("inputs"))
        .split(separator: "\n").map { Double($0) }[...]
      for (example, steps) in zip(Self.examples, policies) {
        for t in 0..<ExportedSteps.stepCount {
          for output in steps.exported.outputs {
            let expected = Array(steps.value(output, row: t, environment: 0))
            let observed = printed.prefix(expected.count).map { $0 ?? .nan }
            printed = printed.dropFirst(expected.count)
            let differs = zip(observed, expected).contains {
              !($0 == $1 || abs($0 - $1) <= 1e-5 * max(abs($1), 1))
            }
            #expect(
              !differs && observed.count == expected.count,
              "\(example.testDescription), \(output.name), step \(t): \(observed), \(expected)")
          }
        }
      }
      #expect(printed.isEmpty)
    }
  }

  @Test(.enabled(if: CCompiler.name != nil, "\(CCompiler.absence)"))
  func `a choice out of range changes nothing`() throws {
    let example = ExportExample(
      testDescription: "", policy: NetworkPolicy(inputs: [.obs, .act]), observation: .discrete(4))
    let header = try ExportedSteps(example, environmentCount: 1).exported.header(named: "a")
    try withTemporaryDirectory { directory in
      func file(_ name: String) -> URL { directory.appendingPathComponent(name) }
      try Data(header.utf8).write(to: file("a.h"))
      let source = """
        #include "a.h"
        #include <stdio.h>
        int main(void) {
          int choices[5][2] = {{3, 2}, {4, 0}, {-1, 0}, {0, 3}, {0, -1}};
          for (int i = 0; i < 5; i++) {
            a_input input = {choices[i][0]};
            a_state state = {choices[i][1]};
            a_output output = {.action = 9};
            int result = a_step(&input, &state, &output);
            printf("%d %d %d,", result, state.act == choices[i][1], output.action == 9);
          }
          return 0;
        }
        """
      try Data(source.utf8).write(to: file("main.c"))
      try CCompiler.compile(file("main.c"), to: file("main"))
      let printed = try CCompiler.run(file("main").path)
      #expect(printed.hasPrefix("0 "))
      #expect(printed.hasSuffix(" 0,-1 1 1,-1 1 1,-1 1 1,-1 1 1,"))
    }
  }

  @Test func `names and facts of a file cannot become statements`() throws {
    var example = ExportExample(testDescription: "", policy: NetworkPolicy(inputs: [.obs]))
    example.observation = .dict([
      SpaceField("a;}\n*/ int", .box(shape: [2], low: -1, high: 1)),
      SpaceField("a_ } * int", .discrete(3)),
      SpaceField("é\u{0}", .box(shape: [], low: -1, high: 1)),
    ])
    let exported = try ExportedSteps(example, environmentCount: 1).exported
    let header = exported.header(named: "1 if(}")
    #expect(header.contains("environment: Random ./ ..\n"))
    #expect(header.contains("int policy1_if___step(const policy1_if___input *input,"))
    #expect(
      header.contains("  float obs_a______int[2];\n  int obs_a______int_;\n  float obs___;\n"))
    // The only comments are those that the header begins itself.
    #expect(header.matches(of: /\/\*/).count == header.matches(of: /\*\//).count)
    #expect(header.unicodeScalars.allSatisfy { $0.isASCII && ($0 == "\n" || $0 >= " ") })
  }
}
