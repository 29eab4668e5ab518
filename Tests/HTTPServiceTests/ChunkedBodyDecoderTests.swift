import NIOCore
import Testing

@testable import HTTPService

struct ChunkedBodyDecoderTests {
    private func decode(_ pieces: [some Collection<UInt8>]) throws -> (body: String, isFinished: Bool, rest: String) {
        var decoder = ChunkedBodyDecoder()
        var buffer = ByteBuffer()
        var body = ByteBuffer()
        for piece in pieces {
            buffer.writeBytes(piece)
            while var part = try decoder.next(from: &buffer) { body.writeBuffer(&part) }
        }
        return (String(buffer: body), decoder.isFinished, String(buffer: buffer))
    }

    @Test func bodyCanBeSplitAnywhere() throws {
        let bytes = Array("4\r\nWiki\r\n6;a=\"b\"\r\npedia \r\nD\r\nin \r\n\r\nchunks\r\n0\r\nX: y\r\n\r\nGET".utf8)
        for split in 0...bytes.count {
            let result = try decode([bytes[..<split], bytes[split...]])
            #expect(result.body == "Wikipedia in \r\n\r\nchunks")
            #expect(result.isFinished)
            #expect(result.rest == "GET")
        }
        let singly = try decode(bytes.map { [$0] })
        #expect(singly.body == "Wikipedia in \r\n\r\nchunks")
        #expect(singly.isFinished)
    }

    private static let malformed: [(text: String, error: ChunkedBodyError)] = [
        ("-1\r\n", ChunkedBodyError.malformedSize), ("\r\n", .malformedSize), ("x", .malformedSize),
        ("0x4\r\n", .malformedSize), ("4 4\r\n", .malformedSize), ("FFFFFFFFFFFFFFFF\r\n", .malformedSize),
        ("1000000000000000\r\n", .malformedSize), ("4;\u{0}\r\n", .malformedSize), ("4\r\nabcdXYZ", .missingLineEnd),
        ("4\r\nabcd\r\r\n", .missingLineEnd), ("1;" + String(repeating: "a", count: 300), .extensionTooLong),
        ("0\r\n" + String(repeating: "a: b\r\n", count: 2000), .trailerTooLong),
    ]

    @Test(arguments: malformed)
    func malformedChunksAreRefused(text: String, error: ChunkedBodyError) {
        #expect(throws: error) { try decode([Array(text.utf8)]) }
    }

    /// What a proxy in front takes for the end of a line and this server does not, or the reverse, smuggles requests.
    /// Each line of a body in turn gets each wrong end.
    @Test(arguments: ["\n", "\r", "\n\r", "\r\r\n", "\r \n"])
    func linesEndWithCRAndLF(end: String) throws {
        let lines = ["4", "Wiki", "5;a=b", "pedia", "0", "X: y", ""]
        for wrong in lines.indices {
            var text = ""
            for (index, line) in lines.enumerated() { text += line + (index == wrong ? end : "\r\n") }
            // What follows a CR decides whether it is a line's end.
            let bytes = Array((text + "GET").utf8)
            #expect(throws: ChunkedBodyError.self, "line \(wrong)") { try decode([bytes]) }
            #expect(throws: ChunkedBodyError.self, "line \(wrong), byte by byte") { try decode(bytes.map { [$0] }) }
        }
    }

    /// A huge announced size costs nothing: pieces come as they are.
    @Test func announcedSizeIsNotReserved() throws {
        let result = try decode([Array("FFFFFFFFFFFFFFF\r\nabc".utf8)])
        #expect(result.body == "abc")
        #expect(!result.isFinished)
    }

    @Test func lengthFramingEndsAtItsLength() throws {
        var decoder = HTTPBodyDecoder(.length(5))
        var buffer = ByteBuffer(string: "abc")
        #expect(try decoder.next(from: &buffer) == ByteBuffer(string: "abc"))
        #expect(try decoder.next(from: &buffer) == nil)
        #expect(!decoder.isFinished)
        buffer.writeString("defg")
        #expect(try decoder.next(from: &buffer) == ByteBuffer(string: "de"))
        #expect(decoder.isFinished)
        #expect(String(buffer: buffer) == "fg")
        #expect(HTTPBodyDecoder(.none).isFinished)
    }
}
