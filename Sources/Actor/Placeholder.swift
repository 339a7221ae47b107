// Actor
