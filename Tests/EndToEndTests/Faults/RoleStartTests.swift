import Foundation
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

    /// What is not there yet is named at once and waited for; then the exit code says that another try may help.
    @Test func anUnreachableServerIsSaidAndWaitedFor() async throws {
        try await Scene.run { scene in
            let starts = [
                ("broker", ["origin", "--amqp-url", "amqp://user:geheim@127.0.0.1:1/", "--data"], "RabbitMQ"),
                (
                    "database", ["serve", "--database-url", "postgres://user:geheim@127.0.0.1:1/radio", "--data"],
                    "the database"
                ),
            ]
            let processes = try starts.map { name, arguments, server in
                let child = try scene.start(
                    Products.server, arguments + [scene.file(name).path] + TwitchyServer.freePorts, name: name)
                return (child: child, message: "Waiting for \(server)")
            }
            for process in processes {
                // Long before it gives up, and more than once.
                _ = try await eventually("\(process.message) twice", within: 40) {
                    process.child.log.count { $0.message == process.message } > 1 ? true : nil
                }
                #expect(process.child.isRunning)
            }
            for process in processes {
                #expect(try await process.child.waitForExit(within: 120) == .code(75), "\(process.child.messages)")
                #expect(!process.child.messages.contains("geheim"))
                let words = process.child.messages.split(separator: "\n").filter { !$0.hasPrefix("{") }
                #expect(words.count == 1 && words.first?.hasPrefix("twitchy: --") == true, "\(words)")
            }
        }
    }

    /// A command that is told nothing works on the database of the server that runs, and names it without its password.
    @Test func aServerOnPostgreSQLIsFound() async throws {
        try await Distributed.run { servers in
            let data = servers.scene.file("all")
            let server = try await servers.start("serve", name: "all", options: ["--data", data.path])
            for (number, arguments) in [[], ["--data", data.path]].enumerated() {
                let command = try servers.scene.start(
                    Products.server, ["channel", "create", "found_\(number)"] + arguments, name: "found-\(number)")
                try await command.waitForSuccess(within: 20)
                #expect(command.messages.split(separator: "\n").count == 1, "\(command.messages)")
                #expect(command.messages.contains("postgres://127.0.0.1:"), "\(command.messages)")
                #expect(!command.messages.contains("twitchy:twitchy"), "\(command.messages)")
                #expect(try await server.publicHTTP.get("/api/v1/channels/found_\(number)").status == 200)
            }
            #expect(!FileManager.default.fileExists(atPath: data.appending(path: "accounts.sqlite").path))
        }
    }
}
