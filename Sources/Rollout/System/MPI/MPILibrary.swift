import Glibc

/// An MPI library, found when the program runs: nothing is linked and no header is needed.
package struct MPILibrary {
  /// The name that was opened, a file or a name in the loader's path.
  package let file: String
  /// The library's name and version, such as "Open MPI 4.1.4".
  package let name: String
  let functions: MPIFunctions
  let constants: MPIConstants

  /// The environment variable that names the library's file.
  package static let variable = "RLPLAY_MPI_LIBRARY"

  /// Opens the library that fits the launcher, or the one that the user names.
  ///
  /// - Parameters:
  ///   - environment: the variables of the process.
  ///   - launcher: the program that started the process.
  /// - Throws: `RankError` with the loader's reason for each name.
  package init(_ environment: [String: String], launcher: Launcher) throws(RankError) {
    var reasons: [String] = []
    for file in Self.candidates(environment, launcher: launcher) {
      // Plug-ins of older releases of Open MPI expect the library's symbols in the global scope.
      guard let library = dlopen(file, RTLD_NOW | RTLD_GLOBAL) else {
        reasons.append(dlerror().map { String(cString: $0) } ?? file)
        continue
      }
      self.file = file
      functions = try MPIFunctions(library, from: file)
      let calls = functions
      let version = calls.text(capacity: 8192) { calls.getLibraryVersion($0, $1) }
      constants = try MPIConstants(library, functions, version: version, from: file)
      name = Self.name(version: version)
      return
    }
    throw RankError(
      """
      \(launcher.family) started \(launcher.count) ranks, but no MPI library was found: install \
      the one of the launcher, name its file in \(Self.variable), or use --ranks off for \
      independent runs (\(reasons.joined(separator: "; ")))
      """)
  }

  /// Returns the names to open, in order, those of the launcher's own library first.
  ///
  /// With a library of another kind, each process would be alone.
  static func candidates(_ environment: [String: String], launcher: Launcher) -> [String] {
    if let named = environment[variable], !named.isEmpty { return [named] }
    let openMPI = ["libmpi.so.40"]
    // Debian's name comes first. MPICH elsewhere, Intel MPI, MVAPICH and Cray share the second one.
    let mpich = ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12"]
    let others = ["libmpi_abi.so.1", "libmpi.so"]
    // Slurm's interface for MPICH is PMI, and the one for Open MPI is PMIx.
    let isForMPICH =
      launcher.family == .mpich
      || launcher.family == .slurm && environment["PMIX_RANK"] == nil
    return isForMPICH ? mpich + others + openMPI : openMPI + mpich + others
  }

  /// Returns name and version from the library's text, such as
  /// "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4" or "MPICH Version:      4.0.2".
  static func name(version text: String) -> String {
    let words = text.prefix { $0 != "," }.split(whereSeparator: \.isWhitespace)
      .filter { $0 != "Version:" && $0 != "Library" }
      .map { $0.hasPrefix("v") && $0.dropFirst().first?.isNumber == true ? $0.dropFirst() : $0 }
    // Intel's text ends with the operating system: "Intel(R) MPI Library 2021.19 for Linux* OS".
    return words.prefix { $0 != "for" }.joined(separator: " ")
  }
}

/// An error of the connection between ranks; its description is a sentence without a period.
package struct RankError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
