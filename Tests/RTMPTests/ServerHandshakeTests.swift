import NIOCore
import Testing

@testable import RTMP

@Suite struct ServerHandshakeTests {
    /// Publishers wait for all three before they send C2, or the other way round.
    @Test func s0S1AndS2LeaveAsSoonAsC1IsWhole() throws {
        var client = ClientBytes()
        client.handshake()
        var handshake = ServerHandshake()
        var output = ByteBuffer()
        let whole = client.bytes
        let c1End = 1 + ServerHandshake.blockSize

        var input = try #require(whole.getSlice(at: 0, length: c1End - 1))
        var isComplete = try handshake.read(&input, output: &output)
        #expect(!isComplete)
        #expect(output.readableBytes == 0)

        input = try #require(whole.getSlice(at: 0, length: c1End))
        isComplete = try handshake.read(&input, output: &output)
        #expect(!isComplete)
        #expect(output.readableBytes == 3073)
        #expect(output.getInteger(at: 0) == UInt8(3))
        #expect(output.getInteger(at: 5) == UInt32(0))
        let s2 = output.getBytes(at: c1End, length: ServerHandshake.blockSize)
        #expect(s2 == whole.getBytes(at: 1, length: ServerHandshake.blockSize))

        input = try #require(whole.getSlice(at: c1End, length: ServerHandshake.blockSize))
        isComplete = try handshake.read(&input, output: &output)
        #expect(isComplete)
        #expect(output.readableBytes == 3073)
    }

    @Test(arguments: [UInt8(ascii: "G"), UInt8(ascii: "P"), UInt8(ascii: "S"), 0x16, 0, 255])
    func otherProtocolsAreNamed(firstByte: UInt8) {
        var run = SessionRun()
        run.feed(ByteBuffer(bytes: [firstByte]))
        #expect(run.error == .notRTMP(firstByte: firstByte))
        #expect(run.output.readableBytes == 0)
    }

    @Test func descriptionsGuessTheOtherProtocol() {
        #expect(RTMPError.notRTMP(firstByte: UInt8(ascii: "G")).description.contains("HTTP"))
        #expect(RTMPError.notRTMP(firstByte: UInt8(ascii: "S")).description.contains("Icecast"))
        #expect(RTMPError.notRTMP(firstByte: 0x16).description.contains("TLS"))
    }

    @Test(arguments: [UInt8(6), 8]) func encryptedVariantsAreRefused(version: UInt8) {
        var run = SessionRun()
        run.feed { $0.handshake(version: version) }
        #expect(run.error == .encryptedRTMP(version: version))
    }

    @Test func aSessionThatFailedTakesNothingMore() throws {
        var run = SessionRun()
        run.feed(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
        #expect(run.error != nil)
        var more = ClientBytes.opening().bytes
        let events = try run.session.receive(&more)
        #expect(events == [])
        #expect(more.readableBytes == 0)
        let output = run.session.takeOutput()
        #expect(output == nil)
    }
}
