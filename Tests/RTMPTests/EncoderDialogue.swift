import NIOCore

@testable import RTMP

/// What encoders send, step by step; each step waits for the server's answers.
enum EncoderDialogue {
    /// OBS: chunk size 4096 first, commands with headers of type 1, everything of the stream on chunk stream 4.
    static func obs() -> [ByteBuffer] {
        func command(_ client: inout ClientBytes, format: UInt8, id: Int = 3, stream: UInt32 = 0, _ values: AMFValue...)
        {
            let payload = ClientBytes.amf(values)
            client.message(
                id: id, format: format, type: .commandAMF0, stream: stream, payload: payload, chunkSize: 4096)
        }
        var hello = ClientBytes()
        hello.handshake()
        hello.control(.setChunkSize, 4096)
        command(
            &hello, format: 0, .string("connect"), .number(1),
            .object([
                "app": .string("live"), "type": .string("nonprivate"),
                "flashVer": .string("FMLE/3.0 (compatible; FMSc/1.0)"),
                "swfUrl": .string("rtmp://host/live"), "tcUrl": .string("rtmp://host/live"),
            ]))
        var create = ClientBytes()
        command(&create, format: 1, .string("releaseStream"), .number(2), .null, .string("demo-key"))
        command(&create, format: 1, .string("FCPublish"), .number(3), .null, .string("demo-key"))
        command(&create, format: 1, .string("createStream"), .number(4), .null)
        var publish = ClientBytes()
        command(
            &publish, format: 0, id: 4, stream: 1, .string("publish"), .number(5), .null, .string("demo-key"),
            .string("live"))
        var media = ClientBytes()
        var metadata = ByteBuffer(bytes: ClientBytes.amf([.string("@setDataFrame"), .string("onMetaData")]))
        metadata.writeMultipleIntegers(UInt8(8), UInt32(20))
        for (name, value) in [("duration", AMFValue.number(0)), ("encoder", .string("obs-output module"))] {
            metadata.writeInteger(UInt16(name.utf8.count))
            metadata.writeString(name)
            metadata.writeAMF0(value)
        }
        metadata.writeMultipleIntegers(UInt16(0), UInt8(9))
        media.message(
            id: 4, type: .dataAMF0, payload: Array(metadata.readableBytesView), chunkSize: 4096)
        media.message(id: 4, type: .audio, payload: [0xAF, 0, 0x11, 0x90], chunkSize: 4096)
        media.message(id: 4, type: .video, payload: [0x17, 0, 0, 0, 0, 1, 2, 3], chunkSize: 4096)
        for frame in 0..<20 {
            let delta: UInt32 = frame % 3 == 0 ? 22 : 21
            media.message(
                id: 4, format: 1, time: frame % 2 == 0 ? 0 : delta, type: .video,
                payload: [UInt8](repeating: 0x27, count: 5000), chunkSize: 4096)
            media.message(
                id: 4, format: 1, time: frame % 2 == 0 ? delta : 0, type: .audio,
                payload: [0xAF, 1] + [UInt8](repeating: UInt8(frame), count: 300), chunkSize: 4096)
        }
        var end = ClientBytes()
        command(&end, format: 1, .string("FCUnpublish"), .number(6), .null, .string("demo-key"))
        command(&end, format: 1, .string("deleteStream"), .number(7), .null, .number(1))
        return [hello.bytes, create.bytes, publish.bytes, media.bytes, end.bytes]
    }
}
