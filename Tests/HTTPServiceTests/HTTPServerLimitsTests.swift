import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPService

#if canImport(Glibc)
    import Glibc
#endif

struct HTTPServerLimitsTests {
    private static let big = HTTPResponderFunction { request, _ in
        request.path == "/body"
            ? .body(limit: 1000) { _, body in .text("\(body.readableBytes)") }
            : .response(HTTPResponse(body: ByteBuffer(repeating: 0x62, count: 64 * 1024)))
    }

    private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }

    private func configuration(_ change: (inout HTTPServerConfiguration) -> Void) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration.quick
        change(&configuration)
        return configuration
    }

    /// A head that dribbles in does not get more time with every byte.
    @Test func slowHeadsEnd() async throws {
        try await withServer([Self.big], configuration: configuration { $0.headTimeout = .seconds(2) }) { server in
            let client = try await server.connect()
            let text = get("/").dropLast(2) + String(repeating: "X: y\r\n", count: 2000)
            let start = ContinuousClock.now
            for byte in text.utf8 where !client.isClosed {
                // Fails where the server has closed, which is what is waited for.
                try? await client.send(ByteBuffer(bytes: [byte]))
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(client.isClosed)
            #expect(client.received.hasPrefix("HTTP/1.1 408 "))
            #expect(ContinuousClock.now - start < .seconds(9))
        }
    }

    /// Encoders show the reason phrase only, and write paths as they like.
    @Test func encodersAreToldInTheReasonPhrase() async throws {
        let echo = HTTPResponderFunction { request, _ in .response(.text(request.path)) }
        let forEncoders = configuration {
            $0.explainsInReason = true
            $0.requiresTidyPaths = false
        }
        let heads = [
            "GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\r\n\r\n",
        ]
        try await withServer([echo], configuration: forEncoders) { server in
            for head in heads {
                let answer = try await server.exchange(head)
                let line = answer.prefix { $0 != "\r\n" }
                let sentence = line.split(separator: " ", maxSplits: 2).last.map(String.init) ?? ""
                #expect(line.hasPrefix("HTTP/1.1 400 ") && sentence.hasSuffix("."), "\(answer)")
                #expect(answer.contains("\"detail\":\"\(sentence)\""), "\(answer)")
            }
            for path in ["//a", "/a/", "/%2Fa", "/a/../b", "/%zz"] {
                let answer = try await server.exchange("GET \(path) HTTP/1.0\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix(path), "\(answer)")
            }
        }
        try await withServer([echo], configuration: configuration { _ in }) { server in
            let malformed = try await server.exchange(heads[0])
            #expect(malformed.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            let untidy = try await server.exchange("GET //a HTTP/1.0\r\n\r\n")
            #expect(untidy.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func silentConnectionsEnd() async throws {
        try await withServer([Self.big], configuration: configuration { $0.headTimeout = .milliseconds(50) }) {
            server in
            let text = try await server.connect().untilClosed()
            #expect(text == "")
        }
    }

    @Test func idleConnectionsEnd() async throws {
        try await withServer([Self.big], configuration: configuration { $0.idleTimeout = .milliseconds(50) }) {
            server in
            let client = try await server.connect()
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            let text = try await client.untilClosed()
            #expect(text.hasPrefix("HTTP/1.1 200"))
            #expect(!text.contains("408"))
        }
    }

    @Test func slowBodiesEnd() async throws {
        try await withServer([Self.big], configuration: configuration { $0.bodyTimeout = .milliseconds(50) }) {
            server in
            let answer = try await server.exchange("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func answersThatTakeTooLongAreGivenUp() async throws {
        let wasCancelled = Mutex(false)
        let responder = HTTPResponderFunction { _, _ in
            .async {
                // Ends at once when it is cancelled.
                try? await Task.sleep(for: .seconds(60))
                wasCancelled.withLock { $0 = Task.isCancelled }
                return .text("late")
            }
        }
        try await withServer([responder], configuration: configuration { $0.answerTimeout = .milliseconds(50) }) {
            server in
            let answer = try await server.exchange(get("/async"))
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.contains("Retry-After: 1\r\n"))
            #expect(!answer.contains("late"))
            for _ in 0..<500 where !wasCancelled.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
            #expect(wasCancelled.withLock { $0 })
        }
    }

    /// The task of an answer ends with its client.
    @Test func leavingClientsCancelTheirAnswers() async throws {
        let state = Mutex((isRunning: false, wasCancelled: false))
        let responder = HTTPResponderFunction { _, _ in
            .async {
                state.withLock { $0.isRunning = true }
                try? await Task.sleep(for: .seconds(60))
                state.withLock { $0.wasCancelled = Task.isCancelled }
                return .text("late")
            }
        }
        try await withServer([responder]) { server in
            let client = try await server.connect()
            try await client.send(get("/"))
            for _ in 0..<500 where !state.withLock({ $0.isRunning }) { try await Task.sleep(for: .milliseconds(2)) }
            // A reset: a mere end of input could be a client that still wants its answer.
            let options = try #require(client.channel as? any SocketOptionProvider)
            try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try await client.close()
            for _ in 0..<500 where !state.withLock({ $0.wasCancelled }) { try await Task.sleep(for: .milliseconds(2)) }
            #expect(state.withLock { $0.wasCancelled })
        }
    }

    /// A peer that asks for a lot and reads nothing: only as many requests are worked on as fit the high-water
    /// mark and the sockets, and the peer is cut off when its time is over.
    @Test func peersThatDoNotReadAreHeldAndCutOff() async throws {
        let worked = Mutex(0)
        let counting = HTTPResponderFunction { request, context in
            worked.withLock { $0 += 1 }
            return Self.big.respond(to: request, in: context)
        }
        try await withServer([counting], configuration: configuration { $0.writeTimeout = .milliseconds(300) }) {
            server in
            let client = try await server.connect(reads: false)
            try await client.send(String(repeating: get("/"), count: 1000))
            for _ in 0..<5000 where client.channel?.isActive == true {
                try await Task.sleep(for: .milliseconds(2))
                if worked.withLock({ $0 }) > 900 { break }
                client.channel?.read()
                if client.receivedCount > 1 << 16 { break }
            }
            // 64 MB were asked for; sockets hold a few at most.
            #expect(worked.withLock { $0 } < 300)
            try await Task.sleep(for: .milliseconds(1000))
            try await client.channel?.setOption(.autoRead, value: true).get()
            _ = try await client.untilClosed()
            #expect(worked.withLock { $0 } < 300)
            #expect(client.receivedCount < 300 * 66_000)
        }
    }

    /// A slow peer that reads steadily gets everything, once, in order.
    @Test func slowReadersGetEverything() async throws {
        let responder = HTTPResponderFunction { request, _ in
            .response(HTTPResponse(body: ByteBuffer(repeating: UInt8(request.path.utf8.count), count: 50_000)))
        }
        try await withServer([responder]) { server in
            let client = try await server.connect(reads: false)
            let paths = (1...60).map { "/" + String(repeating: "a", count: $0) }
            try await client.send(paths.map { get($0) }.joined())
            for _ in 0..<20 {
                client.channel?.read()
                try await Task.sleep(for: .milliseconds(5))
            }
            try await client.channel?.setOption(.autoRead, value: true).get()
            let text = try await client.wait {
                $0.components(of: "HTTP/1.1 200 OK").count == 61 && $0.utf8.count > 3_000_000
            }
            var body = text.components(of: "\r\n\r\n").dropFirst().map { $0.utf8.first ?? 0 }
            body.removeLast(max(0, body.count - 60))
            #expect(body == (2...61).map { UInt8($0) })
        }
    }

    /// Shutdown: idle connections end, held requests get 503, answers that are being made are finished.
    @Test func shutdownEndsEverythingInTime() async throws {
        let held = Mutex<[EventLoopPromise<HTTPResponse>]>([])
        let responder = HTTPResponderFunction { request, context in
            switch request.path {
            case "/held":
                let promise = context.eventLoop.makePromise(of: HTTPResponse.self)
                held.withLock { $0.append(promise) }
                return .future(promise.futureResult)
            case "/async":
                return .async {
                    try? await Task.sleep(for: .seconds(1))
                    return .text("finished")
                }
            default: return .response(.text("quick"))
            }
        }
        try await withServer([responder], configuration: .quick) { server in
            var clients: [RawClient] = []
            for path in ["/quick", "/held", "/async"] {
                let client = try await server.connect()
                try await client.send(get(path))
                clients.append(client)
            }
            let unused = try await server.connect()
            try await clients[0].wait(for: "quick")
            for _ in 0..<500 where held.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
            let start = ContinuousClock.now
            await server.server.shutdown()
            #expect(ContinuousClock.now - start < .seconds(4))
            #expect(try await clients[0].untilClosed().hasSuffix("quick"))
            let refused = try await clients[1].untilClosed()
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.contains("Retry-After: 1"))
            let finished = try await clients[2].untilClosed()
            #expect(finished.hasSuffix("finished"))
            #expect(finished.contains("Connection: close"))
            #expect(try await unused.untilClosed() == "")
            // An answer that comes after its time is dropped.
            held.withLock { $0.forEach { $0.succeed(.text("late")) } }
            await #expect(throws: (any Error).self) { _ = try await server.connect() }
        }
    }

    /// What does not end by itself is cut off when the time is over; `run()` returns then.
    @Test func shutdownDoesNotWaitForEver() async throws {
        let responder = HTTPResponderFunction { _, _ in
            .async {
                await withCheckedContinuation { continuation in
                    Task.detached {
                        try? await Task.sleep(for: .milliseconds(1500))
                        continuation.resume()
                    }
                }
                return .text("late")
            }
        }
        try await withServer([responder], configuration: configuration { $0.drainTimeout = .milliseconds(200) }) {
            server in
            let client = try await server.connect()
            try await client.send(get("/"))
            try await Task.sleep(for: .milliseconds(50))
            let running = Task { try await server.server.run() }
            try await Task.sleep(for: .milliseconds(50))
            running.cancel()
            _ = try await running.value
            #expect(try await client.untilClosed() == "")
        }
    }
}
