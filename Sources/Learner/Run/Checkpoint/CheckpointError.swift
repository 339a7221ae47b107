import Actor
import Foundation
import Glibc
import Rollout

/// An error for a checkpoint that cannot be used.
///
/// The description is one sentence for the user, with the numbers that do not agree. The file is
/// unchanged, and the caller may try another one.
public struct CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kind of a failure; more kinds may be added.
  package struct Code: Equatable, Sendable {
    private let name: String

    /// The operating system refused to open or read the file.
    package static let unreadable = Code(name: "unreadable")
    /// The file is not a safetensors file.
    package static let notSafetensors = Code(name: "notSafetensors")
    /// The file ends too early.
    package static let truncated = Code(name: "truncated")
    /// The file contradicts itself or the format.
    package static let malformed = Code(name: "malformed")
    /// The file is sound, but belongs to another network or release, or is not one of rlplay.
    package static let mismatched = Code(name: "mismatched")
  }

  /// The kind of failure.
  package let code: Code
  /// The reason, without the file's name.
  package let reason: String
  /// The path of the file, if it is known.
  package let path: String?

  init(_ code: Code, _ reason: String, path: String? = nil) {
    self.code = code
    // The reason may quote text from the file.
    self.reason = reason.escapingControls
    self.path = path
  }

  /// Creates an error for a checkpoint with a policy that cannot be used.
  package init(_ error: PolicyError) { self.init(.mismatched, error.description) }

  /// One sentence for the user.
  public var description: String {
    path.map { "cannot use the checkpoint '\($0.escapingControls)': \(reason)" } ?? reason
  }

  /// Returns the same error with the file's name in its sentence.
  package func located(in url: URL) -> CheckpointError {
    CheckpointError(code, reason, path: url.relativePath)
  }
}

extension URL {
  /// Reads a file and decodes its bytes.
  ///
  /// - Throws: `CheckpointError` with the file's name if the file cannot be read or `decode`
  ///   throws.
  func decoded<Value>(
    _ decode: (Data) throws(CheckpointError) -> Value
  ) throws(CheckpointError) -> Value {
    let data: Data
    do {
      data = Data(try SystemCalls.contents(of: path))
    } catch {
      throw CheckpointError(
        .unreadable, error.reason, path: relativePath)
    }
    do {
      return try decode(data)
    } catch {
      throw error.located(in: self)
    }
  }
}
