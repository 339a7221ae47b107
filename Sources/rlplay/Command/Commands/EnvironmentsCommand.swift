import Learner
import Rollout

/// `rlplay envs`.
struct EnvironmentsCommand: Subcommand, Equatable {
  /// True to print the list as one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<EnvironmentsCommand>] = [
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "Show the list as one JSON object.")
  ]

  func run() throws -> Int32 {
    for environment in EnvironmentRegistry.shared.all where !endsWithJSON {
      let limit = environment.maximumEpisodeSteps.map { "at most \($0) steps" } ?? "no step limit"
      let threshold = environment.rewardThreshold.map { ", solved at \(NumberText.short($0))" }
      print("\(environment.id)  \(environment.summary) (\(limit)\(threshold ?? ""))")
      if let spaces = try? environment.spaces {
        let names = environment.actionNames.joined(separator: ", ")
        print("  observation \(spaces.observation)")
        print("  action \(spaces.action)\(names.isEmpty ? "" : ": \(names)")")
        if spaces.information != .dict([]) { print("  information \(spaces.information)") }
      }
      Self.printParameters(of: environment, indent: "  ")
    }
    if endsWithJSON {
      print(Self.json)
    } else {
      print("gym:ID  Any Gymnasium environment, such as gym:CartPole-v1, run by Python.")
      print("mujoco:ID  A task that MuJoCo simulates without Python; it has to be installed:")
      for task in EnvironmentRegistry.mujoco {
        print("  \(task.id)  \(task.summary) (at most \(task.maximumEpisodeSteps ?? 0) steps)")
        Self.printParameters(of: task, indent: "    ")
      }
      print("mujoco:FILE.xml  A model of your own, with a reward of a few terms.")
      print("\n" + Self.wrappers)
    }
    return 0
  }

  private static func printParameters(of environment: RegisteredEnvironment, indent: String) {
    for parameter in environment.parameters {
      let range = parameter.rangeText.map { " (\($0))" } ?? ""
      print("\(indent)\(parameter.name)=\(parameter.defaultText)  \(parameter.summary)\(range)")
    }
  }

  private static let known = WrapperName.all + WrapperName.normalizations

  /// The list of wrappers for --wrap.
  private static var wrappers: String {
    let width = known.map(\.usage.count).max() ?? 0
    func rows(_ wrappers: [WrapperName]) -> [String] {
      wrappers.map { "  \(NumberText.left($0.usage, width))  \($0.summary)" }
    }
    let named = WrapperName.all.filter(\.takesPart).map(\.name).joined(separator: ", ")
    let parts = "\n\(named) take a part of a Dict or Tuple after an @: gray-scale@image."
    return
      (["Wrappers, for '\(ProgramName.shown) train --wrap':"] + rows(WrapperName.all)
      + ["After all others, for training only:"] + rows(WrapperName.normalizations) + [parts])
      .joined(separator: "\n")
  }

  private static var json: String {
    var result = OrderedJSON()
    result.set(
      "environments",
      EnvironmentRegistry.shared.all.map { json(of: $0, spaces: try? $0.spaces) })
    // Their spaces are those of models, which only an installed MuJoCo reads.
    result.set("mujoco_tasks", EnvironmentRegistry.mujoco.map { json(of: $0, spaces: nil) })
    result.set(
      "wrappers",
      known.map { wrapper in
        var object = OrderedJSON()
        object.set("name", wrapper.name)
        object.set("usage", wrapper.usage)
        object.set("takes_part", wrapper.takesPart)
        object.set("summary", wrapper.summary)
        return object
      })
    return result.encoded()
  }

  private static func json(
    of environment: RegisteredEnvironment, spaces: EnvironmentSpaces?
  ) -> OrderedJSON {
    var object = OrderedJSON()
    object.set("id", environment.id)
    object.set("summary", environment.summary)
    object.set("max_episode_steps", environment.maximumEpisodeSteps)
    object.set("reward_threshold", environment.rewardThreshold)
    object.set("observation_space", spaces?.observation.description)
    object.set("action_space", spaces?.action.description)
    if let information = spaces?.information, information != .dict([]) {
      object.set("information_space", information.description)
    }
    if !environment.actionNames.isEmpty { object.set("action_names", environment.actionNames) }
    object.set(
      "parameters",
      environment.parameters.map { parameter in
        var declared = OrderedJSON()
        declared.set("name", parameter.name)
        declared.set("default", parameter.defaultText)
        declared.set("range", parameter.rangeText)
        declared.set("summary", parameter.summary)
        return declared
      })
    return object
  }
}

extension Command {
  static let environments = Command(
    EnvironmentsCommand.self,
    name: "envs",
    summary: "List the environments to train on, and the wrappers.")
}
