print("rlplay")
