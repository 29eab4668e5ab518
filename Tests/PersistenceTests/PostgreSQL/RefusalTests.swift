import DatabaseTesting
import Persistence
import Testing

/// What is wrong with a URL is said in a typed error that never repeats the password.
@Suite(.timeLimit(.minutes(20)))
struct RefusalTests {
    private func error(of url: String) async throws -> SQLError {
        let error = await #expect(throws: SQLError.self) {
            var options = PostgreSQLOptions()
            options.reconnectLimit = .milliseconds(200)
            let database = try PostgreSQLDatabase(url: url, schema: "test", options: options)
            do {
                _ = try await database.read { try $0.query("SELECT 1 AS x") }
            } catch {
                try await database.close()
                throw error
            }
        }
        return try #require(error)
    }

    @Test func aWrongPasswordIsRefused() async throws {
        let server = try await PostgreSQLServer.shared()
        let error = try await error(of: server.url(password: "wrong-horse"))
        #expect(error.code == .accessDenied)
        #expect(error.description.contains("password authentication failed"))
        #expect(!error.description.contains("wrong-horse"))
    }

    @Test func aMissingDatabaseIsRefused() async throws {
        let server = try await PostgreSQLServer.shared()
        let error = try await error(of: server.url(database: "nowhere"))
        #expect(error.code == .accessDenied)
        #expect(error.description.contains("nowhere"))
        #expect(!error.description.contains(PostgreSQLServer.password))
    }

    @Test(arguments: ["127.0.0.1:1", "nobody.invalid:5432"])
    func aHostThatCannotBeReachedIsUnavailable(host: String) async throws {
        let error = try await error(of: "postgres://twitchy:correct-horse@\(host)/twitchy?connect_timeout=2")
        #expect(error.code == .unavailable)
        #expect(!error.description.contains("correct-horse"))
    }

    @Test(arguments: [
        "mysql://user:correct-horse@host/x", "host=localhost password=correct-horse", "",
        "postgres://user:correct-horse@host/x?nonsense=1", "postgres://user:correct-horse%@host/x",
        "postgres://user:correct-horse@[::1/x", "postgres://user:correct-horse@host:port/x?connect_timeout",
    ])
    func whatIsNoURLIsRefused(url: String) async throws {
        let error = #expect(throws: SQLError.self) { try PostgreSQLDatabase(url: url, schema: "test") }
        #expect(error?.code == .other)
        #expect(error?.description.contains("correct-horse") == false)
    }

    @Test(arguments: ["", "pg_mine", String(repeating: "x", count: 64), "a\u{0}b"])
    func whatIsNoNameOfASchemaIsRefused(name: String) {
        #expect(throws: SQLError.self) { try PostgreSQLDatabase(url: "postgres://host/x", schema: name) }
    }
}
