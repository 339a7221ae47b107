import Foundation
import Glibc

/// A writer that pipes raw frames to ffmpeg, which writes a temporary file beside the target.
final class FFmpegWriter: VideoWriter {
  let width: Int
  let height: Int

  private let temporary: String
  private let process = Process()
  private let frames = Pipe()
  private let log: String

  /// Starts ffmpeg.
  ///
  /// - Throws: `VideoError` if ffmpeg does not start.
  init(_ executable: String, width: Int, height: Int, temporary: String) throws {
    self.width = width
    self.height = height
    self.temporary = temporary
    log = temporary + ".log"
    // A broken pipe becomes an error of `append` instead of ending this process.
    SystemCalls.ignoreBrokenPipes()
    process.executableURL = URL(fileURLWithPath: executable)
    // H.264 in the form that every player supports: 4:2:0 chroma, which needs even side lengths.
    let input = """
      -hide_banner -loglevel error -y -f rawvideo -pix_fmt rgb24 -s \(width)x\(height) \
      -r \(FrameRate.framesPerSecond) -i pipe:0
      """
    let output = """
      -an -vf pad=ceil(iw/2)*2:ceil(ih/2)*2 -c:v libx264 -pix_fmt yuv420p -movflags +faststart \
      -f mp4
      """
    var arguments = "\(input) \(output)".split(separator: " ").map { String($0) }
    arguments.append(temporary)
    process.arguments = arguments
    process.standardInput = frames
    process.standardOutput = FileHandle.nullDevice
    // A log file instead of a pipe, on which ffmpeg would block if it wrote much.
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    process.standardError = FileHandle(forWritingAtPath: log) ?? .nullDevice
    do {
      try process.run()
    } catch {
      try? SystemCalls.unlink(log)
      throw VideoError("cannot start \(executable): \(error.localizedDescription)")
    }
  }

  deinit {
    try? frames.fileHandleForWriting.close()
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? SystemCalls.unlink(temporary)
    try? SystemCalls.unlink(log)
  }

  func append(_ picture: Picture) throws {
    do {
      try SystemCalls.writeAll(frames.fileHandleForWriting.fileDescriptor, picture.pixels)
    } catch {
      process.waitUntilExit()
      throw failure("accepted no more frames")
    }
  }

  func finish(_ url: URL) throws {
    try? frames.fileHandleForWriting.close()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw failure("ended with \(process.terminationStatus)")
    }
    try AtomicFile.adopt(temporary, as: url)
  }

  /// Returns the error of a failed ffmpeg, with the last line of its log.
  private func failure(_ event: String) -> VideoError {
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    let words = text.split(separator: "\n").last.map { ": \($0)" } ?? ""
    return VideoError("ffmpeg \(event)\(words); a .gif file can be written without it")
  }

  /// Returns the path of ffmpeg by a search of the PATH, or nil.
  static func find(
    path: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
  ) -> String? {
    path.split(separator: ":").lazy.map { "\($0)/ffmpeg" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
