import NIOCore
import Testing

@testable import RTMP

/// Drives a session with the bytes of a client and accepts what it wants to publish.
struct SessionRun {
    var session: RTMPServerSession
    var events: [RTMPEvent] = []
    var output = ByteBuffer()
    var error: RTMPError?
    /// What to do about a publish.
    var answer: (inout RTMPServerSession) -> Void = { $0.acceptPublish() }

    init(limits: RTMPLimits = RTMPLimits()) {
        session = RTMPServerSession(limits: limits)
    }

    /// A session that was just accepted, with what led there left out of events and output.
    static func publishing(limits: RTMPLimits = RTMPLimits()) -> SessionRun {
        var run = SessionRun(limits: limits)
        run.feed(ClientBytes.opening().bytes)
        #expect(run.session.isPublishing)
        run.events = []
        run.output = ByteBuffer()
        return run
    }

    mutating func feed(_ bytes: ByteBuffer, pieceSize: Int = .max) {
        var rest = bytes
        while error == nil, var piece = rest.readSlice(length: min(pieceSize, rest.readableBytes)) {
            let before = events.count
            do throws(RTMPError) {
                try session.receive(&piece, into: &events)
            } catch {
                self.error = error
            }
            #expect(piece.readableBytes == 0 || error != nil)
            for case .publish in events[before...] { answer(&session) }
            if var output = session.takeOutput() { self.output.writeBuffer(&output) }
            if rest.readableBytes == 0 { break }
        }
    }

    mutating func feed(_ write: (inout ClientBytes) -> Void) {
        var client = ClientBytes()
        write(&client)
        feed(client.bytes)
    }

    /// The audio of the default track.
    var audio: [AudioTag] {
        events.compactMap { if case .audio(let tag) = $0 { tag } else { nil } }
    }

    /// The server's messages behind its handshake, if that is in the output.
    var answers: [ServerMessage] { ServerMessage.parse(output) }
}

/// What the server wrote, read back.
struct ServerMessage {
    var header: MessageHeader
    var payload: ByteBuffer

    static func parse(_ output: ByteBuffer) -> [ServerMessage] {
        var bytes = output
        // Version 3 and S1, which begins with eight zero bytes.
        if bytes.getBytes(at: bytes.readerIndex, length: 9) == [3, 0, 0, 0, 0, 0, 0, 0, 0] {
            bytes.moveReaderIndex(forwardBy: ClientBytes.handshakeSize)
        }
        var reader = ChunkReader(limits: RTMPLimits())
        // The server announces this with its first answer, which may not be among these bytes.
        var announcement = ClientBytes()
        announcement.control(.setChunkSize, 65536)
        _ = try? reader.next(&announcement.bytes)
        var messages: [ServerMessage] = []
        while let next = try? reader.next(&bytes) {
            if case .message(let header, let payload) = next {
                messages.append(ServerMessage(header: header, payload: payload))
            }
        }
        #expect(bytes.readableBytes == 0, "the server's bytes end within a message")
        return messages
    }

    var type: MessageType? { MessageType(rawValue: header.type) }

    /// Name, transaction and everything behind.
    var command: [AMFValue] {
        guard type == .commandAMF0 else { return [] }
        var reader = AMF0Reader(payload)
        var values: [AMFValue] = []
        while let value = try? reader.next() { values.append(value) }
        return values
    }

    /// The status code, where the message is one.
    var code: String? { command.last?.object?["code"]?.string }
}
