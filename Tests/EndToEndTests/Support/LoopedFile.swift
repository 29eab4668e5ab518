import Foundation

/// A file that is sent again and again on one connection, in real time: what a script with `cat` pushes, and what
/// encoders send that begin a new link, header and all, in the middle of a stream.
struct LoopedFile: Sendable {
    /// In `Fixtures/audio`.
    var name: String
    var contentType: String
    var seconds: Double

    /// The file's name as the name of a channel.
    var channel: String { String(name.split(separator: ".")[0].replacing("-", with: "_").prefix(25)) }

    /// Sends it so many times as a chunked body, then ends the body.
    func push(_ times: Int, to channel: TwitchyServer.Channel, of server: TwitchyServer) async throws -> HTTPReply {
        let bytes = try Data(contentsOf: Products.fixture("audio/\(name)"))
        return try await onThread {
            let connection = try HTTPConnection(port: server.ports.icecast)
            try connection.connection.write(
                "PUT /push/\(channel.name) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(channel.key)\r\n"
                    + "Content-Type: \(contentType)\r\nTransfer-Encoding: chunked\r\n\r\n")
            let start = Moment.now
            let slices = Int(seconds * 20)
            for slice in 0..<slices * times {
                let number = slice % slices
                let piece = bytes[bytes.count * number / slices..<bytes.count * (number + 1) / slices]
                let due = start + Double(slice) / Double(slices) * seconds
                Thread.sleep(forTimeInterval: max(0, due - Moment.now))
                try connection.connection.write(String(piece.count, radix: 16) + "\r\n")
                try connection.connection.write(piece + Data("\r\n".utf8))
            }
            try connection.connection.write("0\r\n\r\n")
            return try connection.readReply()
        }
    }
}
