import Foundation

/// The machine's C compiler, to compile what rlplay writes in C.
public enum CCompiler {
  /// The name of the first compiler on the path; nil if there is none.
  public static let name = ["cc", "clang", "gcc"].first { (try? run($0, ["--version"])) != nil }

  /// The reason for skipping a test that needs a compiler.
  public static let absence = "there is no cc, clang or gcc on the path"

  /// Compiles a C99 program, with warnings as errors.
  ///
  /// - Throws: an error with the compiler's output.
  public static func compile(_ source: URL, to program: URL) throws {
    try run(
      name ?? "cc",
      [
        "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", source.path, "-lm", "-o",
        program.path,
      ])
  }

  /// Runs a program with text as its standard input, and returns its standard output.
  ///
  /// - Throws: an error with the program's output unless its exit code is 0.
  @discardableResult
  public static func run(
    _ program: String, _ arguments: [String] = [], input: URL? = nil
  ) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) }
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ProgramFailure("\(program) ended with \(process.terminationStatus):\n\(text)")
    }
    return text
  }
}
