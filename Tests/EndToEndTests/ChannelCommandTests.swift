import Foundation
import Testing

/// Channels are listed, changed and deleted while the server runs.
@Suite(.heavy) struct ChannelCommandTests {
    @Test func channelsAreListedChangedAndDeleted() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            func say(_ arguments: [String]) async throws -> String {
                try await scene.run(
                    Products.server, arguments + ["--data", server.data.path], name: "command-\(UUID().uuidString)")
            }
            let channel = try await server.makeChannel("evening")
            let signal = try await Signal.make(in: scene, seconds: 60)
            let encoder = try scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", server.rtmpAddress(key: channel.key)])
            _ = try await server.stream("evening")
            _ = try await eventually("evening is live") {
                try await server.http.get("/api/v1/channels?live=true").text.contains("evening") ? true : nil
            }

            _ = try await say(["user", "create", "ada"])
            let changed = try await say(
                ["channel", "update", "evening", "--title", "After Eight", "--recording", "off", "--owner", "ada"])
            #expect(changed.contains("title      After Eight\nrecording  off\nowner      ada"), "\(changed)")
            #expect(try await server.http.get("/api/v1/channels/evening").text.contains("After Eight"))
            let list = try await say(["channel", "list"])
            #expect(list == "demo     off         Demo\nevening  on the air  After Eight\n", "\(list)")

            let keys = try await say(["key", "list", "evening"])
            #expect(keys.split(separator: "\n").count == 1 && keys.contains("good"), "\(keys)")
            #expect(!keys.contains(channel.key))
            _ = try await say(["channel", "rotate-key", "evening"])
            let both = try await say(["key", "list", "evening"])
            #expect(both.split(separator: "\n").count == 2 && both.contains("revoked"), "\(both)")
            // A revoked key ends its session.
            try await encoder.waitForExit(within: 30)
        }
    }

    @Test func aChannelOnTheAirIsDeletedWithItsStream() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 60)
            let encoder = try scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            let stream = try await server.stream("demo")
            let listener = ["User-Agent": "somebody"]
            _ = try await server.http.get(stream.live("aac-64"), listener)
            _ = try await eventually("the listener is in the metrics", within: 20) {
                _ = try await server.http.get(stream.live("aac-64"), listener)
                return try await server.admin.get("/metrics").text.contains("\ntwitchy_accounts_live_listeners 1\n")
                    ? true : nil
            }
            let status = try await scene.run(Products.server, ["status"], name: "status")
            #expect(status.contains("on the air 1\n  demo since"), "\(status)")
            #expect(status.contains("listeners 1"), "\(status)")

            let command = ["channel", "delete", "demo", "--data", server.data.path]
            let unsure = try scene.start(Products.server, command, name: "unsure")
            #expect(try await unsure.waitForExit(within: 20) == .code(64))
            #expect(unsure.messages.contains("--yes"), "\(unsure.messages)")
            #expect(try await server.http.get("/api/v1/channels/demo").status == 200)
            let deleted = try await scene.run(Products.server, command + ["--yes"], name: "deleted")
            #expect(deleted.contains("deleted    demo, which was on the air"), "\(deleted)")
            try await encoder.waitForExit(within: 30)
            #expect(try await server.http.get("/api/v1/channels/demo").status == 404)
            let again = try scene.start(Products.server, command + ["--yes"], name: "again")
            #expect(try await again.waitForExit(within: 20) == .code(64))
            let said = again.messages.split(separator: "\n")
            #expect(said.count == 1 && said.first?.contains("no channel") == true, "\(said)")
        }
    }
}
