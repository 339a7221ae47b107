import Learner
import Rollout
import RolloutCommand

try EnvironmentRegistry.shared.register(
  "Mine-v0", summary: "Walk to the right.", maximumEpisodeSteps: 50
) { Hallway() }
try AlgorithmRegistry.shared.register(.simple)

// From here on this is `rlplay` with both of them; its workers are this program, too.
Program.main(name: "mine")
