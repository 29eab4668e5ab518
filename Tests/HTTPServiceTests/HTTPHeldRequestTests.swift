import NIOCore
import Synchronization
import Testing

@testable import HTTPService

/// Requests in the same words that wait together for one answer.
@Suite(.timeLimit(.minutes(20))) struct HTTPHeldRequestTests {
    /// Holds every request that it is asked for, and lets a test answer.
    private final class Responder: HTTPResponder {
        private struct State {
            var held: [EventLoopPromise<HTTPAnswer>] = []
            var observed = 0
        }

        private let state = Mutex(State())

        var count: Int { state.withLock { $0.held.count } }
        var observed: Int { state.withLock { $0.observed } }

        func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
            if request.path == "/quick" { return .response(HTTPResponse(body: ByteBuffer(string: "at once"))) }
            let promise = context.eventLoop.makePromise(of: HTTPAnswer.self)
            state.withLock { $0.held.append(promise) }
            return .shared(
                HTTPSharedAnswer(promise.futureResult) { _, _ in self.state.withLock { $0.observed += 1 } })
        }

        func answer(_ answer: Result<HTTPAnswer, any Error>) {
            let held = state.withLock { state in
                defer { state.held = [] }
                return state.held
            }
            for promise in held { promise.completeWith(answer) }
        }

        func waitForOne() async throws {
            while count == 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    private func get(_ target: String, method: String = "GET") -> String {
        "\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n"
    }

    /// Connections of which the server has read a request each: one that came after these was answered.
    private func clients(_ server: TestServer, _ requests: [String]) async throws -> [RawClient] {
        var clients: [RawClient] = []
        for _ in requests { clients.append(try await server.connect()) }
        for (client, request) in zip(clients, requests) { try await client.send(request) }
        let last = try await server.connect()
        try await last.send(get("/quick"))
        try await last.wait(for: "at once")
        return clients
    }

    private static let ok = Result<HTTPAnswer, any Error>.success(
        .response(HTTPResponse(body: ByteBuffer(string: "the answer"), entityTag: "v1")))

    @Test func allWhoAskInTheSameWordsShareAnAnswer() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            let clients = try await clients(
                server, Array(repeating: get("/a?x=1"), count: 20) + [get("/a?x=1", method: "HEAD")])
            #expect(responder.count == 1)
            responder.answer(Self.ok)
            for client in clients.dropLast() { try await client.wait(for: "the answer") }
            #expect(try await clients[20].wait(for: "\r\n\r\n").hasSuffix("\r\n\r\n"))
            #expect(responder.observed == 21)
            // It was the answer of that moment.
            try await clients[0].send(get("/a?x=1"))
            try await responder.waitForOne()
            responder.answer(Self.ok)
        }
    }

    @Test func otherWordsAreAskedFor() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            let requests = ["/a?x=1", "/a?x=2", "/a", "/b", "/a?x=1&", "/a%20b", "/a%20b"].map { get($0) }
            let clients = try await clients(server, requests + [get("/a", method: "DELETE")])
            // What needs a closer look is never shared.
            #expect(responder.count == 8)
            responder.answer(Self.ok)
            for client in clients { try await client.wait(for: "the answer") }
        }
    }

    /// Who comes late would be told too soon that the wait was in vain.
    @Test func whoComesLateAsksAnew() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            let early = try await clients(server, [get("/a")])
            try await Task.sleep(for: .seconds(2))
            let late = try await clients(server, [get("/a"), get("/a")])
            // On a slow machine the second of them comes late to the first.
            #expect((2...3).contains(responder.count))
            responder.answer(Self.ok)
            for client in early + late { try await client.wait(for: "the answer") }
        }
    }

    @Test func whoLeavesCostsTheOthersNothing() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            let clients = try await clients(server, [get("/a"), get("/a"), get("/a")])
            try await clients[0].close()
            try await clients[2].close()
            try await Task.sleep(for: .milliseconds(100))
            responder.answer(Self.ok)
            try await clients[1].wait(for: "the answer")
        }
    }

    @Test func aFailureIsEverybodys() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            let clients = try await clients(server, [get("/a"), get("/a")])
            responder.answer(.failure(ChannelError.eof))
            for client in clients { try await client.wait(for: "HTTP/1.1 500") }
            #expect(responder.observed == 2)
        }
    }

    /// From the answer on the lease has it.
    @Test func aLeasedAnswerIsKept() async throws {
        let responder = Responder()
        let lease = HTTPLease()
        try await withServer([responder]) { server in
            let clients = try await clients(server, [get("/a"), get("/a")])
            responder.answer(.success(.leased(HTTPResponse(body: ByteBuffer(string: "a part")), lease)))
            for client in clients { try await client.wait(for: "a part") }
            try await clients[0].send(get("/a"))
            try await clients[0].wait { $0.components(of: "a part").count == 3 }
            #expect(responder.count == 0)
        }
    }

    /// Further requests on a connection wait until the answer before them is written.
    @Test func pipelinedRequestsKeepTheirOrder() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            let client = try await server.connect()
            try await client.send(get("/a") + get("/a") + get("/a"))
            for number in 1...3 {
                try await responder.waitForOne()
                #expect(responder.count == 1)
                responder.answer(Self.ok)
                try await client.wait { $0.components(of: "the answer").count == number + 1 }
            }
        }
    }

    @Test func aShutdownAnswersAll() async throws {
        let responder = Responder()
        try await withServer([responder], configuration: .quick) { server in
            let clients = try await clients(server, [get("/a"), get("/a")])
            await server.server.shutdown()
            for client in clients { #expect(try await client.untilClosed().hasPrefix("HTTP/1.1 503")) }
            responder.answer(Self.ok)
        }
    }
}
