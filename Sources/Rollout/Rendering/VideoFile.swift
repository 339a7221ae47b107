import Foundation

/// The frame rate at which episodes are shown and recorded: one frame for each step.
enum FrameRate {
  static let framesPerSecond = 30
}

/// A spectator that records episodes as a video, one frame for each step.
///
/// The ending of the file name selects the format. This package writes `.gif` itself; `.mp4` needs
/// an installed ffmpeg. The file is written completely or not at all.
public final class VideoFile: EpisodeSpectator {
  /// The file to write.
  package let url: URL
  /// The number of steps recorded so far, without the frames that hold an episode's last picture.
  package private(set) var frameCount = 0

  private let format: Format
  private var writer: (any VideoWriter)?
  private var last: Picture?

  /// The frames for which an episode's last picture is held: half a second.
  private static let pauseFrames = FrameRate.framesPerSecond / 2

  private enum Format {
    case gif
    case mp4(ffmpeg: String)
  }

  /// Prepares a recording; `finish` creates the file.
  ///
  /// - Throws: `ConfigurationError` for any other ending; `VideoError` if an `.mp4` is asked for
  ///   without ffmpeg; `RecordError` if the directory is not writable.
  public init(path: String) throws {
    try Self.validate(path: path)
    url = URL(fileURLWithPath: path)
    if url.pathExtension.lowercased() == "gif" {
      format = .gif
    } else {
      guard let ffmpeg = FFmpegWriter.find() else {
        throw VideoError(
          "'\(path)' needs ffmpeg, which is not on the PATH: install it, or name a .gif file")
      }
      format = .mp4(ffmpeg: ffmpeg)
    }
    try AtomicFile.probe(directory: url.deletingLastPathComponent())
  }

  /// Checks that the ending of a file name is that of a known format.
  ///
  /// - Throws: `ConfigurationError` if it is not.
  package static func validate(path: String) throws(ConfigurationError) {
    let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
    guard ending != "gif" && ending != "mp4" else { return }
    throw ConfigurationError(
      "--video \(path) has an unknown format: use a name that ends in .gif or .mp4.",
      option: "video")
  }

  /// Records a moment.
  public func watch(_ moment: EpisodeMoment) throws {
    if let picture = try moment.picture() {
      let writer = try writer ?? make(for: picture)
      self.writer = writer
      guard picture.width == writer.width && picture.height == writer.height else {
        throw VideoError(
          """
          \(moment.environment) drew \(picture.width) × \(picture.height) pixels after \
          \(writer.width) × \(writer.height): all pictures of a video need one size
          """)
      }
      try writer.append(picture)
      frameCount += 1
      last = picture
    }
    if moment.isLast, let last {
      for _ in 0..<Self.pauseFrames { try writer?.append(last) }
    }
  }

  /// Writes the file.
  ///
  /// - Throws: `RecordError` or `VideoError`; an existing file then stays as it was.
  public func finish() throws {
    guard let writer else { return }
    try writer.finish(url)
  }

  private func make(for picture: Picture) throws -> any VideoWriter {
    switch format {
    case .gif:
      guard picture.width <= 65535 && picture.height <= 65535 else {
        throw VideoError(
          "a picture of \(picture.width) × \(picture.height) is too large for a GIF: 65535 at most")
      }
      return GIFWriter(width: picture.width, height: picture.height)
    case .mp4(let ffmpeg):
      return try FFmpegWriter(
        ffmpeg, width: picture.width, height: picture.height,
        temporary: AtomicFile.temporaryPath(for: url))
    }
  }
}

/// An error that prevents a video from being made.
package struct VideoError: Error, Equatable, CustomStringConvertible {
  /// One sentence, with the remedy.
  package let description: String

  init(_ description: String) { self.description = description }
}

/// A consumer of frames of one size that makes a file of them.
protocol VideoWriter: AnyObject {
  var width: Int { get }
  var height: Int { get }

  func append(_ picture: Picture) throws
  func finish(_ url: URL) throws
}

/// A writer that builds a GIF in memory.
private final class GIFWriter: VideoWriter {
  private var animation: AnimatedGIF
  private var count = 0

  init(width: Int, height: Int) { animation = AnimatedGIF(width: width, height: height) }

  var width: Int { animation.width }
  var height: Int { animation.height }

  func append(_ picture: Picture) {
    // A frame lasts whole hundredths of a second; rounded sums keep the rate.
    func hundredths(_ frames: Int) -> Int { frames * 100 / FrameRate.framesPerSecond }
    animation.append(picture, centiseconds: hundredths(count + 1) - hundredths(count))
    count += 1
  }

  func finish(_ url: URL) throws { try AtomicFile.write(Data(animation.encoded), to: url) }
}
