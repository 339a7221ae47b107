import Foundation
import Glibc
import Rollout
import Synchronization

/// A pseudo terminal with the screen that a program draws on it.
///
/// The screen understands the sequences that rlplay writes: cursor addresses, clearing, the
/// alternate screen, and modes, which it records.
public final class PseudoTerminal: Sendable {
  /// The end that a program under test gets.
  public let programEnd: FileHandle

  private let ownEnd: Int32
  private let state = Mutex(Screen())

  /// Opens a terminal of a size.
  public init(columns: Int, lines: Int) throws {
    ownEnd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // TIOCSPTLCK and TIOCGPTN; Glibc's module lacks unlockpt and ptsname.
    var (lock, number): (Int32, Int32) = (0, -1)
    guard ownEnd >= 0, ioctl(ownEnd, 0x4004_5431, &lock) == 0,
      ioctl(ownEnd, 0x8004_5430, &number) == 0
    else { throw ProgramFailure("no pseudo terminal could be opened") }
    let end = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard end >= 0 else { throw ProgramFailure("the pseudo terminal could not be opened") }
    programEnd = FileHandle(fileDescriptor: end, closeOnDealloc: true)
    resize(columns: columns, lines: lines)
    let (descriptor, terminal) = (ownEnd, Unowned(self))
    Thread.detachNewThread {
      var bytes = [UInt8](repeating: 0, count: 65536)
      while true {
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0, let terminal = terminal.value else { return }
        terminal.state.withLock { $0.take(bytes[..<count]) }
      }
    }
  }

  private struct Unowned: @unchecked Sendable {
    weak var value: PseudoTerminal?
    init(_ value: PseudoTerminal) { self.value = value }
  }

  /// Changes the size.
  public func resize(columns: Int, lines: Int) {
    var size = winsize()
    size.ws_col = UInt16(columns)
    size.ws_row = UInt16(lines)
    _ = ioctl(ownEnd, UInt(TIOCSWINSZ), &size)
    state.withLock { $0.resize(columns, lines) }
  }

  /// The lines that are visible, without spaces at their ends.
  public var lines: [String] { state.withLock { $0.text } }
  /// True while the alternate screen is shown.
  public var isAlternate: Bool { state.withLock { $0.former != nil } }
  /// True while the cursor is hidden or lines do not wrap.
  public var isAltered: Bool { state.withLock { $0.isAltered } }

  private struct Screen {
    var columns = 80
    var rows = [[Character]](repeating: [], count: 24)
    var row = 0
    var column = 0
    var former: (rows: [[Character]], row: Int, column: Int)?
    var modes: [String: Bool] = [:]
    var pending: [UInt8] = []

    var isAltered: Bool { modes["?25"] == false || modes["?7"] == false }
    var text: [String] {
      rows.map { row in
        var line = String(row)
        while line.last == " " { line.removeLast() }
        return line
      }
    }

    mutating func resize(_ columns: Int, _ lines: Int) {
      self.columns = columns
      while rows.count < lines { rows.append([]) }
      while rows.count > lines { rows.removeLast() }
      for index in rows.indices { rows[index] = Array(rows[index].prefix(columns)) }
      row = min(row, lines - 1)
    }

    mutating func take(_ bytes: ArraySlice<UInt8>) {
      pending += bytes
      // A character or sequence may be cut at the end of a read.
      guard let text = String(validating: pending, as: UTF8.self) else { return }
      var rest = Array(text.unicodeScalars)[...]
      var undone: ArraySlice<Unicode.Scalar> = []
      while let scalar = rest.popFirst() {
        if scalar == "\u{1B}" {
          let end = rest.dropFirst().firstIndex { $0.value >= 0x40 }
          guard let end else {
            undone = [scalar] + rest
            break
          }
          let sequence = rest[rest.startIndex...end]
          rest = rest[(end + 1)...]
          control(String(String.UnicodeScalarView(sequence.dropFirst())))
        } else {
          put(scalar)
        }
      }
      pending = Array(String(String.UnicodeScalarView(undone)).utf8)
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
      switch scalar {
      case "\r": column = 0
      case "\n": newLine()
      default:
        if column >= columns {
          if modes["?7"] == false { column = columns - 1 } else { newLine() }
          if modes["?7"] != false { column = 0 }
        }
        while rows[row].count <= column { rows[row].append(" ") }
        rows[row][column] = Character(scalar)
        column += 1
      }
    }

    private mutating func newLine() {
      if row + 1 < rows.count {
        row += 1
      } else {
        rows.removeFirst()
        rows.append([])
      }
    }

    private mutating func control(_ sequence: String) {
      let (body, last) = (String(sequence.dropLast()), sequence.last)
      switch last {
      case "H":
        let parts = body.split(separator: ";").compactMap { Int($0) }
        row = min((parts.first ?? 1) - 1, rows.count - 1)
        column = (parts.dropFirst().first ?? 1) - 1
      case "K": rows[row] = Array(rows[row].prefix(column))
      case "J":
        if body.isEmpty { rows[row] = Array(rows[row].prefix(column)) } else { rows[row] = [] }
        for index in rows.indices where body == "2" || index > row { rows[index] = [] }
      case "h" where body == "?1049":
        former = former ?? (rows, row, column)
        rows = rows.map { _ in [] }
      case "l" where body == "?1049":
        guard let former else { return }
        let count = rows.count
        (rows, row, column) = (former.rows, former.row, former.column)
        self.former = nil
        resize(columns, count)
      case "h", "l": modes[body] = last == "h"
      default: break
      }
    }
  }
}
