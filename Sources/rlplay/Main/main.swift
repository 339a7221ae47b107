import RolloutCommand

Program.main()
