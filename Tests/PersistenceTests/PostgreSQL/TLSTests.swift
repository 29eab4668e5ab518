import DatabaseTesting
import Foundation
import Persistence
import Testing

/// TLS is libpq's; these show that the options of the URL reach it.
@Suite(.timeLimit(.minutes(20)))
struct TLSTests {
    @Test func theServersCertificateIsVerified() async throws {
        let server = try await PostgreSQLServer.started()
        let folder = server.folder
        try Self.makeCertificates(in: folder)
        try await server.stop()
        try await server.start([
            "ssl=on", "ssl_cert_file=\(folder.path)/server.crt", "ssl_key_file=\(folder.path)/server.key",
        ])
        let encrypted = try await Self.isEncrypted(
            server.url(options: "sslmode=verify-full&sslrootcert=\(folder.path)/right.crt"))
        #expect(encrypted)
        // Another authority, and a host that the certificate does not name.
        for url in [
            server.url(options: "sslmode=verify-full&sslrootcert=\(folder.path)/wrong.crt"),
            server.url(host: "localhost", options: "sslmode=verify-full&sslrootcert=\(folder.path)/right.crt"),
        ] {
            let error = await #expect(throws: SQLError.self) { try await Self.isEncrypted(url) }
            #expect(error?.code == .unavailable)
            #expect(error?.description.contains("certificate") == true)
            #expect(error?.description.contains(PostgreSQLServer.password) == false)
        }
    }

    private static func isEncrypted(_ url: String) async throws -> Bool {
        var options = PostgreSQLOptions()
        options.reconnectLimit = .zero
        let database = try PostgreSQLDatabase(url: url, schema: "test", options: options)
        do {
            let row = try await database.read {
                try $0.queryOne("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            }
            try await database.close()
            return try #require(row)["ssl"]
        } catch {
            try await database.close()
            throw error
        }
    }

    /// `right.crt` has signed `server.crt`, `wrong.crt` has not.
    private static func makeCertificates(in folder: URL) throws {
        for name in ["right", "wrong"] {
            try openssl(
                in: folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)",
                "-keyout", "\(name).key", "-out", "\(name).crt")
        }
        try openssl(
            in: folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", "server.key",
            "-out",
            "server.csr")
        try "subjectAltName=IP:127.0.0.1\n".write(
            to: folder.appending(path: "names.cnf"), atomically: true, encoding: .utf8)
        try openssl(
            in: folder, "x509", "-req", "-in", "server.csr", "-CA", "right.crt", "-CAkey", "right.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names.cnf", "-out", "server.crt")
        // The server refuses a key that others may read, unless it belongs to root and the group is its own.
        try PostgreSQLServer.giveToServer(folder.appending(path: "server.key"))
    }

    private static func openssl(in folder: URL, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments[0])")
    }
}
