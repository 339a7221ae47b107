import Glibc
import Rollout
import Testing

struct DoorbellTests {
  @Test(.timeLimit(.minutes(10)))
  func `a bell rung before the wait ends it, and all bells are taken`() throws {
    let pipe = try SystemCalls.pipe()
    let ringer = try Doorbell(ringing: pipe.writeEnd.rawValue)
    let listener = Doorbell(listening: pipe.readEnd.rawValue)
    for _ in 0..<3 { ringer.ring() }
    #expect(listener.wait())
    try #expect(readable(pipe.readEnd.rawValue) == false)
  }

  @Test(.timeLimit(.minutes(10))) func `a wait lasts until the bell rings`() throws {
    let pipe = try SystemCalls.pipe()
    let ringer = try Doorbell(ringing: pipe.writeEnd.rawValue)
    let listener = Doorbell(listening: pipe.readEnd.rawValue)
    onThreads([{ ringer.ring() }, { #expect(listener.wait()) }])
  }

  @Test(.timeLimit(.minutes(10))) func `a wait ends when the other end is closed`() throws {
    let (reader, writer) = try SystemCalls.pipe().take()
    defer { close(reader) }
    try SystemCalls.close(writer)
    #expect(!Doorbell(listening: reader).wait())
    #expect(!Doorbell(listening: reader).drain())
  }

  @Test(.timeLimit(.minutes(10))) func `a listener may be non-blocking`() throws {
    let pipe = try SystemCalls.pipe()
    try SystemCalls.setNonBlocking(pipe.readEnd.rawValue)
    let ringer = try Doorbell(ringing: pipe.writeEnd.rawValue)
    let listener = Doorbell(listening: pipe.readEnd.rawValue)
    onThreads([{ ringer.ring() }, { #expect(listener.wait()) }])
  }

  @Test func `draining takes what is there and does not block`() throws {
    let pipe = try SystemCalls.pipe()
    let ringer = try Doorbell(ringing: pipe.writeEnd.rawValue)
    let listener = Doorbell(listening: pipe.readEnd.rawValue)
    #expect(listener.drain())
    ringer.ring()
    #expect(listener.drain())
    try #expect(readable(pipe.readEnd.rawValue) == false)
  }

  @Test(.timeLimit(.minutes(10))) func `a pipe full of bells does not stop the ringer`() throws {
    let pipe = try SystemCalls.pipe()
    let ringer = try Doorbell(ringing: pipe.writeEnd.rawValue)
    // A pipe holds 64 KiB.
    for _ in 0..<70_000 { ringer.ring() }
    #expect(Doorbell(listening: pipe.readEnd.rawValue).wait())
  }

  @Test func `a ring for nobody does nothing`() throws {
    let (reader, writer) = try SystemCalls.pipe().take()
    defer { close(writer) }
    try SystemCalls.close(reader)
    try Doorbell(ringing: writer).ring()
  }

  private func readable(_ descriptor: Int32) throws -> Bool {
    var entries = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
    return try SystemCalls.poll(&entries, timeoutMilliseconds: 0) == 1
  }
}
