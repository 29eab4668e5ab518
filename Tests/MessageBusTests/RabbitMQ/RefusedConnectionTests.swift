import Foundation
import MessageBus
import NIOCore
import ProxyTesting
import Testing

/// What is told when there can be no connection, and that no secret is told with it.
@Suite(.timeLimit(.minutes(20)))
struct RefusedConnectionTests {
    @Test func wrongPasswordIsNamedAsSuch() async throws {
        let broker = try await TestBroker.shared.value
        let url = "amqp://twitchy:not-the-password@127.0.0.1:\(try broker.port)/%2F"
        let error = try await failure(url)
        #expect(error == .refusedCredentials(endpoint: "127.0.0.1:\(try broker.port)"))
        #expect(!"\(error)".contains("not-the-password"))
    }

    @Test func unknownVirtualHostIsNamedAsSuch() async throws {
        let broker = try await TestBroker.shared.value
        let error = try await failure(broker.url.replacing("/%2F", with: "/elsewhere"))
        #expect(
            error == .refusedVirtualHost(endpoint: "127.0.0.1:\(try broker.port)", name: "elsewhere"))
    }

    @Test func portWhereNobodyListensIsUnreachable() async throws {
        // Port 1 is nobody's on any sane machine, and needs root to be anybody's.
        let error = try await failure("amqp://user:secret@127.0.0.1:1")
        guard case .unreachable(endpoint: "127.0.0.1:1", _) = error else {
            Issue.record("unexpected: \(error)")
            return
        }
        #expect(!"\(error)".contains("secret"))
    }

    @Test func unknownHostIsUnreachable() async throws {
        let error = try await failure("amqp://user:secret@no-such-host.invalid")
        guard case .unreachable = error else {
            Issue.record("unexpected: \(error)")
            return
        }
    }

    /// Without a broker an operation waits for it, but not for ever.
    @Test func operationsWithoutABrokerFailInTime() async throws {
        var configuration = try RabbitMQConfiguration(url: "amqp://127.0.0.1:1")
        configuration.operationTimeout = .milliseconds(500)
        configuration.outageTolerance = .milliseconds(500)
        configuration.maximumOutgoingMessages = 3
        let bus = RabbitMQMessageBus(configuration)
        for number in 0..<3 { try bus.send(payload(number), to: "queue") }
        #expect(throws: BusError.full("queue")) { try bus.send(payload(3), to: "queue") }
        await #expect { try await within { try await bus.declareQueue("queue", QueueOptions()) } } throws: { error in
            if case .disconnected(let reason)? = error as? BusError { reason.contains("127.0.0.1:1") } else { false }
        }
        // What was kept for the broker has grown too old.
        try await eventually {
            do throws(BusError) {
                try bus.send(payload(4), to: "queue")
                return false
            } catch {
                if case .disconnected = error { return true } else { return false }
            }
        }
        await bus.shutdown()
    }

    /// Until a broker is there; then everything goes on as if it had always been.
    @Test func brokerMayComeLater() async throws {
        let broker = try await TestBroker.shared.value
        let proxy = try await TCPProxy(to: Int(try broker.port))
        try await proxy.setFrozen(true)
        let bus = RabbitMQMessageBus(try RabbitMQConfiguration(url: try broker.url(through: proxy)))
        let queue = "late.\(UInt64.random(in: .min ... .max))"
        async let declared = bus.declareQueue(queue, QueueOptions())
        try await Task.sleep(for: .milliseconds(500))
        try await proxy.setFrozen(false)
        #expect(try await declared.readyMessages == 0)
        try await bus.publish(payload(1), to: queue)
        try await bus.deleteQueue(queue)
        await bus.shutdown()
        try await proxy.close()
    }

    // MARK: TLS

    @Test func encryptedConnectionChecksTheAuthority() async throws {
        let broker = try await TestBroker.shared.value
        let bus = RabbitMQMessageBus(try RabbitMQConfiguration(url: try broker.secureURL))
        try await within { try await bus.waitUntilConnected() }
        let queue = "tls.\(UInt64.random(in: .min ... .max))"
        try await bus.declareQueue(queue, QueueOptions())
        let large = ByteBuffer(repeating: 7, count: 1_000_000)
        let consumer = try await bus.consume(queue, prefetch: 10)
        for _ in 0..<5 { try await bus.publish(large, to: queue) }
        for delivery in try await consumer.receive(5) { #expect(delivery.payload == large) }
        try await bus.deleteQueue(queue)
        await bus.shutdown()
    }

    /// Neither another authority than the one named, nor one that only signs for others, nor another host's name.
    @Test func untrustedCertificateIsRefused() async throws {
        let broker = try await TestBroker.shared.value
        let url = try broker.secureURL
        let systemTrust = try #require(url.split(separator: "?").first.map(String.init))
        let other = try await OtherAuthority.make()
        defer { other.remove() }
        let urls = [
            systemTrust, systemTrust + "?cacertfile=\(other.file)",
            url.replacing("@localhost:", with: "@127.0.0.1:"), systemTrust + "?cacertfile=/nonexistent",
        ]
        for url in urls {
            let error = try await failure(url)
            guard case .untrusted = error else {
                Issue.record("unexpected: \(error)")
                continue
            }
        }
    }

    private func failure(_ url: String) async throws -> RabbitMQConnectionError {
        let configuration = try RabbitMQConfiguration(url: url)
        #expect(!"\(configuration)".contains("secret"))
        let bus = RabbitMQMessageBus(configuration)
        let error = try await #require(throws: RabbitMQConnectionError.self) {
            try await within { try await bus.waitUntilConnected() }
        }
        #expect(bus.connectionStates.values.contains(.lost(error)))
        await bus.shutdown()
        return error
    }
}

/// An authority that signed nothing of ours.
private struct OtherAuthority {
    let folder: URL
    var file: String { folder.appending(path: "ca.pem").path }

    static func make() async throws -> Self {
        let folder = FileManager.default.temporaryDirectory.appending(path: "twitchy-ca-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let authority = Self(folder: folder)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Another authority",
            "-keyout", folder.appending(path: "ca.key").path, "-out", authority.file,
        ]
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        try #require(status == 0)
        return authority
    }

    func remove() {
        do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) }
    }
}
