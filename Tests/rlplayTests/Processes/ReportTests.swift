import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of `rlplay report` with runs of real training.
  struct ReportTests {
    private let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func train(_ name: String, _ options: String...) throws {
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--quiet", "--collector", "same", "--algorithm", "ppo", "--steps", "8192"]
          + ["--eval-every", "4096", "--eval-episodes", "2", "--run-dir", name] + options,
        in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    @discardableResult
    private func report(_ arguments: String..., expecting code: Int32 = 0) throws
      -> RunningProgram.Outcome
    {
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["report"] + arguments, in: directory.url)
      #expect(outcome.exitCode == code, "\(outcome.errors)")
      return outcome
    }

    private func text(_ name: String) throws -> String {
      try String(contentsOfFile: directory.path(name), encoding: .utf8)
    }

    /// Returns the numbers of a metric in `metrics.jsonl`.
    private func recorded(_ metric: String, in run: String) throws -> [Double] {
      // The digits are read as they are: Foundation's reader may round them differently.
      try text("\(run)/metrics.jsonl").split(separator: "\n").compactMap { line in
        line.firstRange(of: "\"\(metric)\":").flatMap { key in
          Double(line[key.upperBound...].prefix { $0 != "," && $0 != "}" })
        }
      }
    }

    @Test func `a run becomes one page that loads nothing`() throws {
      try train("runs/one", "--seed", "3", "--env", "Corridor-v0", "--log-every", "1")
      let outcome = try report()
      #expect(outcome.output == "runs/one/report.html\n")
      let page = try text("runs/one/report.html")
      let addresses = page.replacing("http://www.w3.org/2000/svg", with: "")
      for word in ["<script", "http:", "https:", "<link", "@import"] {
        #expect(!addresses.contains(word), "\(word)")
      }
      for title in [
        "Evaluation return", "Entropy of the policy", "Gradient norm", "Clipped objective",
        "Log-ratios of the policy", "Value estimate and return", "Animation", "logits.weight",
        "Histogram of ρ", "wall time",
      ] {
        #expect(page.contains(title), "\(title)")
      }
      #expect(!page.contains("http-equiv=\"refresh\""))
      // The report does not change the run: it can be resumed.
      #expect(
        try RunningProgram.run(
          Executable.rlplay, ["train", "--quiet", "--resume", "runs/one", "--steps", "9000"],
          in: directory.url
        ).exitCode == 0)
    }

    @Test func `data and drawings are those of the records`() throws {
      try train("run", "--seed", "1", "--log-every", "1", "--log", "jsonl")
      try report("run", "--csv", "data", "--svg", "drawings", "--no-episode")
      let table = try text("data/loss.csv").split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      #expect(table[0] == ["series", "x", "y", "low", "high"])
      #expect(table.dropFirst().compactMap { Double($0[2]) } == (try recorded("loss", in: "run")))
      let steps = try recorded("env_steps", in: "run")
      #expect(table.dropFirst().allSatisfy { steps.contains(Double($0[1]) ?? -1) })
      let drawing = try text("drawings/loss.svg")
      #expect(drawing.hasPrefix("<svg") && drawing.contains("<style>"))
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path("drawings"))
      #expect(names.count > 12)
      #expect(
        !names.contains {
          $0.hasPrefix("episode-") && $0 != "episode-return.svg"
            && $0 != "episode-length.svg" && !$0.contains("histogram")
        })

      try report("run", "--csv", "data", "--axis", "time", "--no-episode")
      let seconds = try recorded("seconds", in: "run")
      let timed = try text("data/loss.csv").split(separator: "\n").dropFirst()
        .compactMap { Double($0.split(separator: ",")[1]) }
      #expect(timed.allSatisfy(seconds.contains))
    }

    @Test func `seeds of a set-up become its median, and set-ups are compared`() throws {
      for seed in ["1", "2", "3"] { try train("all/seed-\(seed)", "--seed", seed) }
      try train("all/fast/seed-1", "--seed", "1", "--learning-rate", "0.01")
      let outcome = try report("all", "--csv", "data")
      #expect(outcome.output == "all/report.html\n")
      let page = try text("all/report.html")
      #expect(page.contains("2 set-ups · 4 runs"))
      #expect(page.contains("learning-rate 0.01"))
      let rows = try text("data/evaluation.csv").split(separator: "\n").dropFirst().map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      let series = Set(rows.map { $0[0] })
      #expect(series.count == 2 && series.contains("learning-rate 0.01"))
      // The end of the line is the median of the last evaluations.
      let last = try ["1", "2", "3"].map { seed in
        try #require(try recorded("eval_return", in: "all/seed-\(seed)").last)
      }
      let end = try #require(rows.last { $0[0] != "learning-rate 0.01" })
      #expect(Double(end[2]) == last.sorted()[1])
      #expect(try report("all/seed-1", "all/seed-2").output == "report.html\n")
    }

    @Test func `what an environment tells is a figure of training and evaluations`() throws {
      try train("run", "--seed", "1", "--env", "Cube2x2-v0")
      try report("run", "--csv", "data", "--no-episode")
      #expect(try text("run/report.html").contains("is_success at the end of episodes"))
      let rows = try text("data/info-is-success.csv").split(separator: "\n").dropFirst()
      #expect(Set(rows.map { $0.prefix { $0 != "," } }) == ["training", "evaluation"])
    }

    @Test func `a run that goes on is followed to its end`() throws {
      let trainer = try RunningProgram(
        Executable.rlplay,
        ["train", "--quiet", "--actors", "2", "--seed", "1", "--steps", StopTests.endless]
          + ["--eval-every", "0", "--run-dir", "run"], in: directory.url)
      try trainer.wait(until: "metrics were written") {
        (try? text("run/metrics.jsonl"))?.isEmpty == false
      }
      let reporter = try RunningProgram(
        Executable.rlplay, ["report", "run", "--follow"], in: directory.url)
      try reporter.wait(until: "the report was written") {
        (try? text("run/report.html"))?.contains("http-equiv=\"refresh\"") == true
      }
      let first = try text("run/report.html")
      try reporter.wait(until: "the report was renewed") {
        (try? text("run/report.html")) != first
      }
      trainer.send(SIGTERM)
      _ = try trainer.waitForEnd()
      #expect(try reporter.waitForEnd().exitCode == 0)
      let page = try text("run/report.html")
      #expect(!page.contains("http-equiv=\"refresh\"") && page.contains("interrupted"))
    }

    @Test func `texts of files are not markup, and their programs are not started`() throws {
      try train("run", "--seed", "1")
      let path = directory.path("run/config.json")
      var configuration = try text("run/config.json")
      configuration = configuration.replacing(
        "\"machine\": \"", with: "\"machine\": \"<img src=x onerror=alert(1)>&")
      try Data(configuration.utf8).write(to: URL(fileURLWithPath: path))
      let metrics = try FileHandle(forWritingTo: directory.url.appending(path: "run/metrics.jsonl"))
      try metrics.seekToEnd()
      try metrics.write(
        contentsOf: Data("{\"env_steps\":9000,\"seconds\":9,\"<script>a()\":1}\n".utf8))
      try metrics.close()
      try report("run", "--svg", "drawings", "--csv", "data")
      let page = try text("run/report.html")
      #expect(page.contains("&lt;img src=x") && !page.contains("<img src=x"))
      #expect(page.contains("&lt;script&gt;a()") && !page.contains("<script"))
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path("data"))
      #expect(names.contains("-script-a--.csv"))
    }

    @Test func `bad arguments are refused, and earlier files stay`() throws {
      let none = try report(expecting: 1)
      #expect(none.errors == "Error: there is no run in 'runs'; train one with rlplay train\n")
      #expect(
        try report("absent", expecting: 1).errors.hasPrefix("Error: there is no run 'absent'"))
      try FileManager.default.createDirectory(
        atPath: directory.path("empty"), withIntermediateDirectories: true)
      #expect(
        try report("empty", expecting: 1).errors.contains(
          "'empty' is not a run, and contains none: there is no config.json"))
      #expect(
        try report("empty", "--axis", "depth", expecting: 64).errors.contains(
          "is none of steps, time"))
      try train("run", "--seed", "1")
      let output = try report("run", "--output", "absent/report.html", expecting: 1)
      #expect(output.errors.contains("absent"))
      #expect(!FileManager.default.fileExists(atPath: directory.path("run/report.html")))
    }

    @Test(.enabled(if: Python.mayBeAsked, Comment(rawValue: Python.absence)))
    func `an XML reader reads each drawing`() throws {
      try train("run", "--seed", "1")
      try report("run", "--svg", "drawings")
      let text = try Python.run([
        "-c",
        """
        import glob, sys, xml.etree.ElementTree as tree
        files = glob.glob(sys.argv[1] + "/*.svg")
        for file in files:
            root = tree.parse(file).getroot()
            space = "{http://www.w3.org/2000/svg}"
            assert root.tag == space + "svg", file
            assert any(path.get("d") for path in root.iter(space + "path")), file
        print(len(files) > 12)
        """, directory.path("drawings"),
      ])
      #expect(text == "True\n")
    }
  }
}
