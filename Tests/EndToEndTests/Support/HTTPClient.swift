import Foundation

/// What a server answered.
struct HTTPReply: Sendable {
    var status: Int
    var reason: String
    var fields: [(name: String, value: String)]
    var body: Data
    /// From the request until the last byte.
    var seconds: Double

    /// All values of a field, in one line as HTTP allows.
    subscript(_ name: String) -> String? {
        let values = fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Asks one question a connection, in plain HTTP/1.1 and without any help, so that the tests see what is sent.
struct HTTPClient: Sendable {
    var port: Int

    func get(_ path: String, _ fields: [String: String] = [:]) async throws -> HTTPReply {
        try await send("GET", path, fields)
    }

    func send(_ method: String, _ path: String, _ fields: [String: String] = [:]) async throws -> HTTPReply {
        let port = port
        return try await onThread {
            let connection = try HTTPConnection(port: port)
            return try connection.send(method, path, fields.merging(["Connection": "close"]) { first, _ in first })
        }
    }
}

/// A connection that is kept, for those that ask again and again.
final class HTTPConnection {
    let connection: TCPConnection

    init(port: Int) throws { connection = try TCPConnection(port: port) }

    func get(_ path: String) throws -> HTTPReply { try send("GET", path, [:]) }

    func send(
        _ method: String, _ path: String, _ fields: [String: String], host: String = "127.0.0.1", body: String = ""
    ) throws -> HTTPReply {
        let start = Moment.now
        let lines = fields.sorted { $0.key < $1.key }.map { "\($0): \($1)\r\n" }.joined()
        try connection.write("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(lines)\r\n\(body)")
        return try readReply(toHead: method == "HEAD", since: start)
    }

    func readReply(toHead isHead: Bool = false, since start: Double = Moment.now) throws -> HTTPReply {
        guard let line = try connection.readLine() else { throw TestFailure("closed without an answer") }
        let words = line.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw TestFailure("not an answer: \(line)")
        }
        var reply = HTTPReply(
            status: status, reason: words.count > 2 ? words[2] : "", fields: [], body: Data(), seconds: 0)
        while let line = try connection.readLine(), !line.isEmpty {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw TestFailure("not a field: \(line)") }
            reply.fields.append((String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)))
        }
        let isEmpty = isHead || status == 204 || status == 304 || status < 200
        if !isEmpty { reply.body = try readBody(reply) }
        reply.seconds = Moment.now - start
        return reply
    }

    private func readBody(_ reply: HTTPReply) throws -> Data {
        if let length = reply["Content-Length"] {
            guard let count = Int(length) else { throw TestFailure("Content-Length: \(length)") }
            return try connection.read(count)
        }
        guard reply["Transfer-Encoding"] == "chunked" else { return try connection.readToEnd() }
        var body = Data()
        while let line = try connection.readLine() {
            guard let count = Int(line, radix: 16) else { throw TestFailure("not a chunk: \(line)") }
            body += try connection.read(count)
            _ = try connection.readLine()
            if count == 0 { break }
        }
        return body
    }
}
