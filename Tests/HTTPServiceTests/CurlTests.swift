import Foundation
import Gzip
import NIOCore
import Testing

@testable import HTTPService

/// What curl, which shares no code with us, makes of the server.
struct CurlTests {
    private static let playlist = "#EXTM3U\n" + String(repeating: "#EXT-X-PART:DURATION=0.192\n", count: 200)

    private static func responder() throws -> HTTPResponderFunction {
        let text = ByteBuffer(string: playlist)
        let playlist = HTTPResponse(
            contentType: "application/vnd.apple.mpegurl", body: text, compressedBody: try Gzip.compress(text),
            entityTag: "7", allowsRanges: true, isCrossOrigin: true)
        return HTTPResponderFunction { request, _ in
            switch request.path {
            case "/live.m3u8": .response(playlist)
            case "/upload":
                .body(limit: 1 << 20) { request, body in .text("\(request.method.rawValue) \(body.readableBytes)") }
            default: .pass
            }
        }
    }

    private func curl(_ arguments: [String], input: String? = nil) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "-sS", "--max-time", "20"] + arguments
        let (output, standardInput) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = output
        process.standardInput = standardInput
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                do {
                    try process.run()
                    try standardInput.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8))
                    try standardInput.fileHandleForWriting.close()
                    let data = output.fileHandleForReading.readDataToEndOfFile()
                    process.waitUntilExit()
                    continuation.resume(returning: String(decoding: data, as: UTF8.self))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    @Test func downloadsAreWhole() async throws {
        try await withServer([try Self.responder()]) { server in
            let url = "http://127.0.0.1:\(server.port)/live.m3u8"
            #expect(try await curl([url]) == Self.playlist)
            #expect(try await curl(["--compressed", url]) == Self.playlist)
            #expect(try await curl(["-r", "0-6", url]) == "#EXTM3U")
            #expect(try await curl(["-r", "-6", url]) == "0.192\n")
            #expect(try await curl(["-C", "8", url]) == String(Self.playlist.dropFirst(8)))
            #expect(
                try await curl(["-o", "/dev/null", "-w", "%{http_code} %{size_download}", "-r", "999999-", url])
                    == "416 0")
            let head = try await curl(["-I", url])
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(head.contains("Content-Length: \(Self.playlist.utf8.count)\r\n"))
            let unchanged = ["-o", "/dev/null", "-w", "%{http_code}", "-H", "If-None-Match: \"7\"", url]
            #expect(try await curl(unchanged) == "304")
            #expect(try await curl(["-0", url]) == Self.playlist)
        }
    }

    @Test func connectionIsUsedAgain() async throws {
        try await withServer([try Self.responder()]) { server in
            let url = "http://127.0.0.1:\(server.port)/live.m3u8"
            let format = ["-o", "/dev/null", "-w", "%{num_connects} %{http_code};", "-r", "0-1"]
            let text = try await curl(
                format + [url, "--next"] + format + ["-sS", url, "--next"] + format + [url + "/none"])
            #expect(text == "1 206;0 206;0 404;")
        }
    }

    @Test func uploadsArrive() async throws {
        try await withServer([try Self.responder()]) { server in
            let url = "http://127.0.0.1:\(server.port)/upload"
            let text = String(repeating: "x", count: 100_000)
            #expect(try await curl(["-T", "-", url], input: text) == "PUT 100000")
            #expect(
                try await curl(["--data-binary", "@-", "-H", "Expect: 100-continue", url], input: text) == "POST 100000"
            )
            let tooLarge = try await curl(
                ["-T", "-", "-o", "/dev/null", "-w", "%{http_code}", url], input: String(repeating: text, count: 20))
            #expect(tooLarge.hasSuffix("413"))
        }
    }
}
