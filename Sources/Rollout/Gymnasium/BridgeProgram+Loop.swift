extension BridgeProgram {
  /// The start of the program, and the loop that answers requests.
  static let loop = #"""
    def serve(service):
        unpack, done = struct.Struct("<III").unpack, struct.pack("<II", 0, 0)
        while True:
            what, first, end = unpack(read_exactly(REQUESTS, 12))
            try:
                if what == 2:
                    service.step(first, end)
                    # These bytes fit in the pipe in one write, and the reader expects no more.
                    os.write(REPLIES, done)
                elif what == 1:
                    service.reset(first, end)
                    reply(0)
                else:
                    service.phase = "render"
                    service.current[0] = first
                    draw = service.picture if what == 3 else service.final_picture
                    reply(0, draw(first))
            except BaseException as error:
                current = int(service.current[0])
                reply_fault(error, current if current < 0 else current % RESETTING, service.phase)
            service.current[0] = -1


    def start():
        declared = make_all()
        observation_leaves, observation = checked_leaves(
            declared.observation, "observation", declared.left_out)
        action_leaves, action = checked_leaves(declared.action, "action")
        for leaf in action_leaves:
            leaf.tell_bounds()
        reply(0, encoded({
            "observation": observation, "action": action, "declared": declared.description()}))
        _, length, _ = struct.unpack("<III", read_exactly(REQUESTS, 12))
        place = json.loads(read_exactly(REQUESTS, length))
        builder = builder_of(declared.action, itertools.count(), declared.autoreset is not None)
        if declared.autoreset:
            return VectorService(
                declared.autoreset, observation_leaves, action_leaves, builder, place)
        return Service(observation_leaves, action_leaves, builder, place)


    try:
        gym, np = import_gymnasium()
        service = start()
        reply(0)
    except BaseException as error:
        reply_fault(error)
        leave()
    serve(service)
    """#
}
