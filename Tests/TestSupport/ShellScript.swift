import Foundation

/// Executable scripts that tests write.
public enum ShellScript {
  /// Writes a script for `sh` and makes it executable.
  ///
  /// Another process writes it. A process that some other test starts meanwhile would hold a file
  /// that this process writes open until it runs its own program, and Linux refuses to run a file
  /// that is open for writing.
  ///
  /// - Parameters:
  ///   - body: the lines after the first one.
  ///   - path: the path of the script, which replaces an earlier file.
  public static func write(_ body: String, to path: String) throws {
    let writer = Process()
    writer.executableURL = URL(fileURLWithPath: "/bin/sh")
    let command =
      #"printf '#!/bin/sh\n%s\n' "$1" >"$2.new""# + #" && chmod 755 "$2.new""#
      + #" && mv "$2.new" "$2""#
    writer.arguments = ["-c", command, "sh", body, path]
    try writer.run()
    writer.waitUntilExit()
    guard writer.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
  }
}
