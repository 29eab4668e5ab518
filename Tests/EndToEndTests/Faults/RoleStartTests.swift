import Testing

/// Processes that cannot do their work where they were put.
struct RoleStartTests {
    /// Roles do not start without what they need, and say so in one line.
    @Test func rolesSayWhatTheyLack() async throws {
        try await Scene.run { scene in
            let lonely = try scene.start(Products.server, ["origin"] + TwitchyServer.freePorts, name: "lonely")
            #expect(try await lonely.waitForExit(within: 15) == .code(64))
            #expect(lonely.messages.contains("--amqp-url") && lonely.messages.split(separator: "\n").count == 1)
            let wrong = try scene.start(
                Products.server, ["run", "origin", "nonsense"] + TwitchyServer.freePorts, name: "wrong")
            #expect(try await wrong.waitForExit(within: 15) == .code(64))
        }
    }
}
