/// The Python program that plays Gymnasium environments.
///
/// docs/gymnasium.md describes its protocol.
enum BridgeProgram {
  /// The program for `python3 -c`, which reads the main program from standard input.
  ///
  /// It first removes the working directory from the module path. Before the safe path of Python
  /// 3.11, `-c` puts the directory there, and a file in it could take the place of one of Python's
  /// modules.
  static let loader =
    "import sys; sys.path[:] = [p for p in sys.path if p]; b = sys.stdin.buffer; "
    + "exec(compile(b.read(int(b.readline())), 'rlplay', 'exec'))"

  /// The main program.
  static var source: String {
    [start, values, spaces, leaves, making, service, vectors, loop].joined(separator: "\n\n\n")
  }
}
