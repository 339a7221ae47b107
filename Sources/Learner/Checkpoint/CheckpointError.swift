public import Actor
import Foundation
import Glibc
import Rollout

/// A checkpoint that cannot be used.
///
/// The description is one sentence for the user, with the figures that do not agree. The file is left
/// as it is; the caller may try another one.
public struct CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kinds of failure; more may be added.
  public struct Code: Equatable, Sendable {
    private let name: String

    /// The operating system refused to open or read the file.
    public static let unreadable = Code(name: "unreadable")
    /// The file is something else than safetensors.
    public static let notSafetensors = Code(name: "notSafetensors")
    /// The file ends before its content does.
    public static let truncated = Code(name: "truncated")
    /// The file contradicts itself or the format.
    public static let malformed = Code(name: "malformed")
    /// The file is sound but belongs to another network, or was not written by rlplay.
    public static let mismatched = Code(name: "mismatched")
  }

  /// The kind of failure.
  public let code: Code
  /// What is wrong, without the file's name.
  public let reason: String
  /// The file, where it is known.
  public let path: String?

  init(_ code: Code, _ reason: String, path: String? = nil) {
    self.code = code
    // It may quote text from the file.
    self.reason = reason.escapingControls
    self.path = path
  }

  /// A policy in a checkpoint that cannot be used.
  public init(_ error: PolicyError) { self.init(.mismatched, error.description) }

  /// One sentence for the user.
  public var description: String {
    path.map { "cannot use the checkpoint '\($0.escapingControls)': \(reason)" } ?? reason
  }

  /// The same error with the file's name in its sentence.
  public func located(in url: URL) -> CheckpointError {
    CheckpointError(code, reason, path: url.relativePath)
  }
}

extension URL {
  /// What a file's bytes stand for.
  ///
  /// - Throws: `CheckpointError` when the file cannot be read, or what `decode` throws, with the file's name in its sentence.
  func decoded<Value>(
    _ decode: (Data) throws(CheckpointError) -> Value
  ) throws(CheckpointError) -> Value {
    guard !FileLookup.isDevice(path) else {
      throw CheckpointError(.unreadable, "it is a device and no file", path: relativePath)
    }
    let data: Data
    do {
      data = Data(try SystemCalls.contents(of: path))
    } catch {
      throw CheckpointError(
        .unreadable, String(cString: strerror(error.code)), path: relativePath)
    }
    do {
      return try decode(data)
    } catch {
      throw error.located(in: self)
    }
  }
}
