import Glibc
import Rollout
import Testing

struct SystemErrorTests {
  @Test func `an error is one sentence with the system's own words`() {
    let error = SystemError(call: "open", code: ENOENT, detail: "/nowhere")
    #expect(
      error.description == "open failed: No such file or directory (errno 2): /nowhere")
  }

  @Test func `without a detail the sentence ends after the number`() {
    #expect(
      SystemError(call: "mmap", code: ENOMEM).description
        == "mmap failed: Cannot allocate memory (errno 12)")
  }
}
