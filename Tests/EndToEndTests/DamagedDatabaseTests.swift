import Foundation
import Testing

/// A server whose database is damaged says which and what to do, and leaves it as it is.
@Suite(.heavy) struct DamagedDatabaseTests {
    @Test func aDamagedDatabaseIsNamedInOneLine() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            server.process.send(SIGTERM)
            #expect(try await server.process.waitForExit(within: 10) == .code(0))
            // With a log beside them, SQLite would mend what is damaged below.
            for name in ["accounts.sqlite-wal", "ingest.sqlite-wal", "origin.sqlite-wal"] {
                let log = try Data(contentsOf: server.data.appending(path: name))
                #expect(log.isEmpty, "\(name) has \(log.count) bytes")
            }
            func refuse(_ arguments: [String], _ file: String) async throws {
                let name = arguments.joined(separator: "-")
                let child = try scene.start(
                    Products.server, arguments + ["--data", server.data.path], name: "\(name)-\(UUID().uuidString)")
                let exit = try await child.waitForExit(within: 15)
                #expect(exit == .code(65), "\(name) with \(file): \(exit) \(child.messages)")
                let lines = child.messages.split(separator: "\n")
                #expect(lines.count == 1 && lines.first?.contains(file) == true, "\(name): \(child.messages)")
                #expect(lines.first?.contains("backup") == true, "\(name): \(child.messages)")
            }
            for (number, name) in ["accounts.sqlite", "ingest.sqlite", "origin.sqlite"].enumerated() {
                let file = server.data.appending(path: name)
                let sound = try Data(contentsOf: file)
                let damages = [Data(), Data("garbage".utf8), sound.prefix(sound.count / 2), Data(count: sound.count)]
                // Each of them with one database, one of them with each.
                for damage in number == 0 ? damages : [damages[number]] {
                    try damage.write(to: file)
                    try await refuse(["serve"] + TwitchyServer.freePorts, name)
                    if number == 0 { try await refuse(["channel", "create", "more"], name) }
                    #expect(try Data(contentsOf: file) == damage)
                }
                try sound.write(to: file)
            }

            // A newer version of the program was here.
            _ = try await scene.run(
                Products.python,
                [
                    "-c",
                    """
                    import sqlite3, sys
                    database = sqlite3.connect(sys.argv[1])
                    database.execute("INSERT INTO schema_migrations SELECT schema_name, 99, 'later', 'x' FROM schema_migrations WHERE schema_name = 'inbox' AND version = 1")
                    database.commit()
                    """, server.data.appending(path: "origin.sqlite").path,
                ], name: "later")
            try await refuse(["serve"] + TwitchyServer.freePorts, "origin.sqlite")
        }
    }
}
