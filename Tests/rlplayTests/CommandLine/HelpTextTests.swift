import Testing

@testable import rlplay

struct HelpTextTests {
  func screen(_ arguments: String...) throws -> String {
    guard case .help(let text) = try Invocation.parse(arguments) else { return "no help screen" }
    return text
  }

  @Test func `the overview lists the commands`() throws {
    let expected = """
      A multi-process rollout engine for reinforcement learning.

      Usage: rlplay COMMAND [options]

      Commands:
        train       Train a policy on experience that worker processes collect.
        evaluate    Play episodes with a trained policy and tell the returns.
        describe    Show what a trained policy is made of, layer by layer.
        bench       Measure this machine: environments, collection, training, kernels.
        envs        List the environments that can be learned.
        check-env   Look for mistakes in an environment by playing it at random.

      Options:
        --version   Show the version.
        --help      Show this help.

      Start with 'rlplay train'. See 'rlplay COMMAND --help' for a command's options.
      """
    #expect(try screen("--help") == expected)
  }

  @Test func `train shows every option in its group with its default`() throws {
    let expected = """
      Train a policy on experience that worker processes collect.

      Usage: rlplay train [options]

      Environment:
        --env NAME                The environment to learn; 'rlplay envs' lists them.
                                  (default: CartPole-v1)
        --env-args NAME=VALUE,...|none
                                  Values of the environment's parameters; 'rlplay
                                  envs' lists these too. (default: none)
        --max-episode-steps default|none|N
                                  Cut episodes off at the environment's own limit,
                                  never, or after N steps. (default: default)
        --python PATH             The Python that plays Gymnasium's environments,
                                  which are named gym:ID. (default: python3)
        --wrap NAME[=ARG]         A wrapper around the environment; of several the
                                  first is the innermost. 'rlplay envs' lists them.
                                  (default: none)
        --action-bounds scale|clip
                                  Actions of a Box with finite bounds: scale the range
                                  from -1 to 1 to the bounds, or play actions as they
                                  are drawn. Both clip what lies beyond.
                                  (default: scale)

      Collection:
        --collector same|single|multi
                                  Collect in this process, in one worker process, or
                                  in many. (default: multi)
        --actors N                Worker processes of the collector multi.
                                  (default: 16)
        --envs-per-actor N        Environments that each worker steps side by side.
                                  (default: 8)
        --fragment-steps N        Steps of each environment in one fragment.
                                  (default: 25)
        --buffers N               Fragments in shared memory, for the collector multi.
                                  (default: 24)
        --fragments-per-batch N   Fragments that one update learns from. (default: 2)
        --[no-]deterministic      Take fragments in worker order and hold the lag, so
                                  that one seed gives the same weights bit for bit.
                                  (default: off)
        --lag N|auto              Updates that collecting stays behind learning, where
                                  that is fixed; auto is 0 for same, 1 for single,
                                  actors / fragments per batch for multi, but at most
                                  --max-lag. (default: auto)
        --max-lag N|none          Updates that collecting may be behind learning:
                                  workers wait, and older fragments are dropped.
                                  (default: none)
        --[no-]sticky             Leave an environment whose episode ended at its
                                  reset state until the fragment ends. (default: off)
        --hang-timeout SECONDS|none
                                  Kill and replace a worker when one environment takes
                                  longer to be made, to be reset or to step.
                                  (default: 60)
        --close-timeout SECONDS|none
                                  Kill an environment that takes longer to close.
                                  (default: 10)

      Network:
        --inputs NAME,...         What the network sees, in this order: some of obs,
                                  act, rew, fin, stepno. (default: obs,act)
        --integer-inputs embedding|one-hot|bits
                                  How a choice among several becomes numbers: a
                                  learned row of a table, a 1 in its place, or its
                                  bits. (default: embedding)
        --embedding-size N        Numbers that an embedding gives for a choice, and
                                  for stepno. (default: 4)
        --torso mlp|nature        What comes before the hidden layers: nothing, or the
                                  convolutions of DQN for images. (default: mlp)
        --hidden N,...|none|auto  Units of each hidden layer, first to last; auto is
                                  32 with mlp and 512 with nature. (default: auto)
        --activation relu|elu|tanh|silu|gelu|identity
                                  What follows each hidden layer. (default: tanh)
        --recurrent none|lstm|gru
                                  What the network remembers with, behind the hidden
                                  layers. (default: none)
        --recurrent-size N        Units of each recurrent layer. (default: 64)
        --recurrent-layers N      Recurrent layers that stand on each other.
                                  (default: 1)
        --shared-torso, --separate-torsos
                                  Whether a value that is learned goes by the features
                                  that actions are chosen by, or by layers of its own.
                                  (default: separate-torsos)
        --init pytorch|orthogonal
                                  First weights: PyTorch's default for each layer, or
                                  orthogonal with the gains of PPO. (default: pytorch)

      Learning:
        --algorithm reinforce|a2c|ppo|vtrace|appo|dqn
                                  What is learned from batches; what other options are
                                  by default depends on it. (default: reinforce)
        --gamma X                 Discount of future rewards. (default: 0.98)
        --entropy-cost X|SCHEDULE
                                  Weight of the entropy bonus in the loss: a number or
                                  a schedule, as for --learning-rate.
                                  (default: exponential:0.1:0.001)
        --baseline none|mean|value
                                  What returns are compared with: nothing, their mean
                                  over the batch at each step, or a value that the
                                  network learns. (default: value)
        --value-cost X            Weight of the value's squared error in the loss, for
                                  the baseline value. (default: 0.5)
        --bootstrap actor|learner
                                  Who says what the state behind a fragment is worth:
                                  the actor that collected it, or the learner with its
                                  newer weights. (default: actor)
        --lambda X                How far advantages trust rewards more than values, 0
                                  to 1. (default: 1)
        --[no-]normalize-advantages
                                  Bring advantages, or REINFORCE's returns, to mean 0
                                  and deviation 1. (default: off)
        --rho-clip X              Upper limit of importance weights; inf for none.
                                  (default: 1)
        --trace-clip X            Upper limit of the weights with which V-trace
                                  carries errors back; inf for none. (default: 1)
        --clip X                  How far PPO's ratio may move from 1 before nothing
                                  more is gained by it. (default: 0.2)
        --value-clip X            How far PPO's value may move from what was recorded;
                                  inf for any. (default: inf)
        --epochs N                Passes over each batch. (default: 1)
        --minibatches N           Parts of a pass, of whole environments each.
                                  (default: 1)
        --target-kl X             Leave the rest of a batch alone once policies are
                                  1.5 times so far apart; inf for never.
                                  (default: inf)
        --epsilon X|SCHEDULE      Chance of an action at random in Q-learning: a
                                  number or a schedule, as for --learning-rate.
                                  (default: linear:1:0.05:10000)
        --[no-]double-q           Let the trained network choose the action that
                                  Q-learning's target network values. (default: on)
        --replay-steps N          Environment steps that Q-learning keeps.
                                  (default: 50000)
        --replay-batch N          Environment steps that one update of Q-learning
                                  draws, in whole fragments of an environment.
                                  (default: 400)
        --learning-starts N       Environment steps before Q-learning's first update.
                                  (default: 1000)
        --updates-per-batch N     Updates of Q-learning that follow each batch.
                                  (default: 1)
        --target-every N          Updates between copies to Q-learning's target
                                  network. (default: 100)
        --optimizer adam|adamw|sgd|rmsprop
                                  The rule that turns gradients into steps.
                                  (default: adam)
        --momentum X              How much of a step goes on into the next one, for
                                  sgd and rmsprop. (default: 0)
        --weight-decay X          What a step takes off each weight at a learning rate
                                  of 1, for adamw. (default: 0.01)
        --learning-rate X|SCHEDULE
                                  The optimizer's step size: a number, or linear:A:B,
                                  cosine:A:B or exponential:A:B, from A to B over the
                                  run, or with :N behind it over N steps.
                                  (default: exponential:0.004:0.0001)
        --value-learning-rate X|same
                                  Step size of the parameters that only a learned
                                  value depends on, where --learning-rate is largest.
                                  (default: 0.01)
        --max-grad-norm X         Norm to which longer gradients are shortened; inf
                                  for none. (default: 0.5)

      Run:
        --steps N                 Environment steps to train for, over all
                                  environments; the last batch may exceed them by less
                                  than its own steps. (default: 4000000)
        --until-return R|none     Stop as soon as an evaluation's mean return reaches
                                  R and further episodes confirm it. (default: none)
        --seed N|random           Root of every random stream; random draws one and
                                  prints it. (default: random)
        --run-dir DIR|auto        Directory for what the run leaves; auto names one
                                  under runs/. (default: auto)
        --eval-every N            Environment steps between evaluations; 0 for none.
                                  (default: 25000)
        --eval-episodes N         Episodes that one evaluation plays. (default: 20)
        --eval-sample, --eval-greedy
                                  Draw actions in evaluations, as training does, and
                                  do not take the likeliest one.
                                  (default: eval-greedy)
        --eval-env-args NAME=VALUE,...|default
                                  Values of the environment's parameters in
                                  evaluations; by default those of training.
                                  (default: default)
        --eval-episode-steps default|none|N
                                  Cut evaluated episodes off as in training, never, or
                                  after N steps. (default: default)
        --save-every N|auto       Environment steps between saves, from which --resume
                                  goes on; 0 for the end alone, auto for as often as
                                  saving takes 1 % of the time. (default: auto)
        --keep-checkpoints N      How many saved checkpoints to keep besides the last
                                  and the best. (default: 0)
        --config FILE             Read options from a JSON file; those on the command
                                  line override it.
        --resume [RUN]            Go on with a run where it was saved last, in its
                                  directory; with the newest run under runs/ if none
                                  is named. Its options are as they were but for those
                                  that cannot change what is learned.
        --trust                   With --resume: start Python with the environment
                                  that the run names, whose code can do all that you
                                  can. --env NAME says the same.

      Output:
        --quiet                   Show no progress, only the result and what goes
                                  wrong.
        --json                    End standard output with one JSON object that holds
                                  the result.
        --help                    Show this help.
      """
    #expect(try screen("train", "--help") == expected)
  }

  @Test func `evaluate shows its argument and its options`() throws {
    let expected = """
      Play episodes with a trained policy and tell the returns.

      Usage: rlplay evaluate [RUN|CHECKPOINT] [options]

      Arguments:
        RUN|CHECKPOINT            A run's directory or a checkpoint file; the newest
                                  run under runs/ if none is named.

      Options:
        --episodes N              Episodes to play; one, if not given, where they are
                                  shown or recorded. (default: 100)
        --greedy                  Play the likeliest action; this is the default.
        --sample                  Play actions drawn from the policy, as in training.
        --seed N|random           Root of every random stream; random draws one and
                                  prints it. (default: random)
        --env NAME|default        The environment to play, with the spaces of the
                                  training; by default the checkpoint's.
                                  (default: default)
        --trust                   Start Python with the environment that the
                                  checkpoint names: its code can do all that you can.
        --env-args NAME=VALUE,...|default
                                  Values of the environment's parameters; by default
                                  those of training. (default: default)
        --max-episode-steps default|none|N
                                  Cut episodes off at the environment's own limit,
                                  never, or after N steps. (default: default)
        --python PATH             The Python that plays Gymnasium's environments,
                                  which are named gym:ID. (default: python3)
        --hang-timeout SECONDS|none
                                  End with an error when one environment takes longer
                                  to be made, to be reset or to step. (default: 60)
        --close-timeout SECONDS|none
                                  Kill an environment that takes longer to close.
                                  (default: 10)
        --render                  Show episodes in the terminal while they are played.
        --video FILE              Record episodes as an animated .gif, or as an .mp4
                                  where ffmpeg is installed. (default: none)
        --json                    End standard output with one JSON object that holds
                                  the result.
        --help                    Show this help.
      """
    #expect(try screen("evaluate", "--help") == expected)
  }

  @Test func `describe shows its argument and its options`() throws {
    let expected = """
      Show what a trained policy is made of, layer by layer.

      Usage: rlplay describe [RUN|CHECKPOINT] [options]

      Arguments:
        RUN|CHECKPOINT            A run's directory or a checkpoint file; the newest
                                  run under runs/ if none is named.

      Options:
        --json                    End standard output with one JSON object that holds
                                  all of it.
        --help                    Show this help.
      """
    #expect(try screen("describe", "--help") == expected)
  }

  @Test func `bench shows its options`() throws {
    let expected = """
      Measure this machine: environments, collection, training, kernels.

      Usage: rlplay bench [options]

      Options:
        --seconds S               Seconds for each measurement. (default: 1)
        --only NAME,...           The measurements to make, by name. (default: all)
        --json                    End standard output with one JSON object that holds
                                  the figures.
        --help                    Show this help.
      """
    #expect(try screen("bench", "--help") == expected)
  }

  @Test func `check-env shows the argument that it needs and its options`() throws {
    let expected = """
      Look for mistakes in an environment by playing it at random.

      Usage: rlplay check-env ID [options]

      Arguments:
        ID                        The environment to check; 'rlplay envs' lists them.

      Options:
        --env-args NAME=VALUE,...|none
                                  Values of the environment's parameters; 'rlplay
                                  envs' lists these too. (default: none)
        --max-episode-steps default|none|N
                                  Cut episodes off at the environment's own limit,
                                  never, or after N steps. (default: default)
        --python PATH             The Python that plays Gymnasium's environments,
                                  which are named gym:ID. (default: python3)
        --wrap NAME[=ARG]         A wrapper around the environment; of several the
                                  first is the innermost. 'rlplay envs' lists them.
                                  (default: none)
        --hang-timeout SECONDS|none
                                  End with an error when one environment takes longer
                                  to be made, to be reset or to step. (default: 60)
        --close-timeout SECONDS|none
                                  Kill an environment that takes longer to close.
                                  (default: 10)
        --steps N                 Steps of each of two environments. (default: 1000)
        --seed N                  Root of every random stream. (default: 0)
        --json                    End standard output with one JSON object that holds
                                  the findings.
        --help                    Show this help.
      """
    #expect(try screen("check-env", "--help") == expected)
  }

  @Test func `help is asked for in every usual way`() throws {
    let overview = try screen("--help")
    #expect(try screen() == overview)
    #expect(try screen("-h") == overview)
    #expect(try screen("help") == overview)
    let train = try screen("train", "--help")
    #expect(try screen("help", "train") == train)
    #expect(try screen("--help", "train") == train)
    #expect(try screen("train", "-h") == train)
    // A request for help is answered despite errors in the rest of the line.
    #expect(try screen("train", "--actors", "x", "--nonsense", "--help") == train)
  }

  @Test func `beside an algorithm its own defaults are shown`() throws {
    let ppo = try screen("train", "--algorithm", "ppo", "--help")
    #expect(ppo.contains("  --epochs N                Passes over each batch. (default: 4)\n"))
    #expect(try screen("train", "--help", "--algorithm=ppo") == ppo)
    #expect(try screen("train", "--algorithm", "pp0", "--help") == screen("train", "--help"))
    let error = #expect(throws: UsageError.self) {
      try Invocation.parse(["train", "--algorithm", "ppo", "--epochs", "0"])
    }
    #expect(error?.optionHelp == "--epochs N  Passes over each batch. (default: 4)")
  }

  @Test func `what only learners start is not listed`() throws {
    #expect(try !screen("--help").contains("worker  "))
  }

  @Test(arguments: Command.all.map(\.name))
  func `no line is wider than a terminal or ends in a space`(name: String) throws {
    for line in try screen(name, "--help").split(separator: "\n") {
      #expect(line.count <= 80)
      #expect(line.last != " ")
    }
  }

  @Test(arguments: Command.all)
  func `no two options of a command share a name`(command: Command) {
    let names = command.allOptions.map(\.name)
    #expect(Set(names).count == names.count)
  }
}
