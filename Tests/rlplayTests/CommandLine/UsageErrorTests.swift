import Learner
import Rollout
import Testing

@testable import RolloutCommand

struct UsageErrorTests {
  /// Returns the error message for a command line.
  func message(_ arguments: String...) -> String {
    do {
      return "no error but \(try Program.parse(arguments).work)"
    } catch {
      return error.text
    }
  }

  let trainUsage = """
    Usage: rlplay train [options]
    See 'rlplay train --help' for more information.
    """

  @Test func `an unknown option offers the nearest with its help`() {
    #expect(
      message("train", "--actor", "4") == """
        Error: Unknown option '--actor'. Did you mean '--actors'?
        Help: --actors N  Worker processes, for --collector multi. (default: 16)
        \(trainUsage)
        """)
    #expect(
      message("train", "-actors=4") == """
        Error: Unknown option '-actors'. Did you mean '--actors'?
        Help: --actors N  Worker processes, for --collector multi. (default: 16)
        \(trainUsage)
        """)
  }

  @Test func `an unknown option that is close to none offers none`() {
    #expect(
      message("train", "--zebra") == """
        Error: Unknown option '--zebra'.
        \(trainUsage)
        """)
  }

  @Test(arguments: [["--gamma"], ["--gamma", "--sticky"], ["--gamma", "--"]])
  func `a missing value is told`(arguments: [String]) {
    let error = #expect(throws: UsageError.self) {
      try Program.parse(["train"] + arguments)
    }
    #expect(
      error?.text == """
        Error: Missing value for '--gamma X'.
        Help: --gamma X  Discount factor of future rewards. (default: 0.98)
        \(trainUsage)
        """)
  }

  @Test func `a value for a flag is refused`() {
    #expect(
      message("train", "--quiet=yes") == """
        Error: '--quiet' takes no value, but 'yes' was given.
        Help: --quiet  Show no progress, only the result and problems.
        \(trainUsage)
        """)
  }

  @Test func `only a toggle can be turned off`() {
    #expect(
      message("train", "--no-quiet") == """
        Error: Unknown option '--no-quiet'.
        \(trainUsage)
        """)
  }

  @Test(arguments: [["--gamma", "1", "--gamma=1"], ["--gamma=1", "--gamma", "0"]])
  func `a repeated option is refused`(arguments: [String]) {
    let error = #expect(throws: UsageError.self) { try Program.parse(["train"] + arguments) }
    #expect(
      error?.text == """
        Error: '--gamma' is given more than once: give it once.
        Help: --gamma X  Discount factor of future rewards. (default: 0.98)
        \(trainUsage)
        """)
  }

  @Test func `a flag and its opposite exclude each other`() {
    #expect(
      message("train", "--sticky", "--no-sticky").hasPrefix(
        "Error: '--sticky' and '--no-sticky' exclude each other: give one of them."))
    #expect(
      message("train", "--separate-torsos", "--shared-torso").hasPrefix(
        "Error: '--shared-torso' and '--separate-torsos' exclude each other: give one of them."))
    #expect(
      message("train", "--no-sticky", "--no-sticky").hasPrefix(
        "Error: '--no-sticky' is given more than once: give it once."))
  }

  @Test func `the name that turns an option off is suggested like any other`() {
    #expect(
      message("train", "--separate-torso").hasPrefix(
        "Error: Unknown option '--separate-torso'. Did you mean '--separate-torsos'?"))
    #expect(
      message("train", "--no-shared-torso").hasPrefix(
        "Error: Unknown option '--no-shared-torso'."))
    #expect(
      message("--separate-torsos").hasPrefix(
        "Error: Unknown option '--separate-torsos'. "
          + "Did you mean 'rlplay train --separate-torsos'?"))
  }

  @Test func `an option of a value is refused without one, beside its help`() {
    let text = message("train", "--baseline", "none", "--value-cost", "1")
    #expect(
      text.hasPrefix("Error: --value-cost 1 has no effect with --baseline none: leave it out"))
    #expect(text.contains("\nHelp: --value-cost X  Weight of the squared value error"))
  }

  @Test func `an argument where none is taken is refused`() {
    #expect(
      message("train", "CartPole-v1") == """
        Error: Unexpected argument 'CartPole-v1'.
        \(trainUsage)
        """)
    #expect(
      message("train", "gamma", "1") == """
        Error: Unexpected argument 'gamma'.
        Help: --gamma X  Discount factor of future rewards. (default: 0.98)
        \(trainUsage)
        """)
    #expect(
      message("evaluate", "runs/a", "runs/b") == """
        Error: Unexpected argument 'runs/b'.
        Usage: rlplay evaluate [RUN|CHECKPOINT] [options]
        See 'rlplay evaluate --help' for more information.
        """)
    #expect(message("--version", "now").hasPrefix("Error: Unexpected argument 'now'."))
  }

  @Test func `an unknown command offers the nearest`() {
    #expect(
      message("trian") == """
        Error: Unknown command 'trian'. Did you mean 'train'?
        Usage: rlplay COMMAND [options]
        See 'rlplay --help' for more information.
        """)
    #expect(message("help", "evalaute").contains("Did you mean 'evaluate'?"))
    // The hidden command is never suggested.
    #expect(message("workers").hasPrefix("Error: Unknown command 'workers'.\n"))
  }

  @Test func `an option before its command is sent there`() {
    #expect(
      message("--actors", "4") == """
        Error: Unknown option '--actors'. Did you mean 'rlplay train --actors'?
        Usage: rlplay COMMAND [options]
        See 'rlplay --help' for more information.
        """)
  }

  @Test func `a value of the wrong type is refused`() {
    #expect(
      message("train", "--gamma", "high") == """
        Error: --gamma high is not a number: write it like 0.5, 1e-3 or inf.
        Help: --gamma X  Discount factor of future rewards. (default: 0.98)
        \(trainUsage)
        """)
  }

  @Test func `contradictory values are refused`() {
    #expect(
      message("train", "--buffers", "8") == """
        Error: --buffers 8 is too few for --actors 16: use at least 16, one for each actor, and \
        preferably some more.
        Help: --buffers N  Fragment buffers in shared memory, for --collector multi. (default: 24)
        \(trainUsage)
        """)
    #expect(
      message("evaluate", "--greedy", "--sample") == """
        Error: --greedy and --sample exclude each other: give one of them.
        Help: --sample  Play actions sampled from the policy, as in training.
        Usage: rlplay evaluate [RUN|CHECKPOINT] [options]
        See 'rlplay evaluate --help' for more information.
        """)
  }

  @Test func `a file of options that is not there is refused`() {
    #expect(
      message("train", "--config", "/nowhere.json") == """
        Error: --config /nowhere.json does not exist: name a file of options as JSON.
        Help: --config FILE  Read options from a JSON file; those on the command line override it.
        \(trainUsage)
        """)
  }

  @Test(arguments: ["0", "-1", "inf", "3601"])
  func `a measurement takes a sane time`(seconds: String) {
    #expect(
      message("bench", "--seconds", seconds).hasPrefix(
        "Error: --seconds \(seconds) is out of range: use more than 0 and up to 3600.\nHelp: "))
  }

  @Test func `what is found out later has the same form`() {
    let error = UsageError(
      ConfigurationError("--env Cart is not registered.", option: "env"), command: .train)
    #expect(
      error.text == """
        Error: --env Cart is not registered.
        Help: --env NAME  Environment to train on; 'rlplay envs' lists them. (default: CartPole-v1)
        \(trainUsage)
        """)
    #expect(UsageError.exitCode == 64)
  }
}
