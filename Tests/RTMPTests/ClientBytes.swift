import NIOCore

@testable import RTMP

/// Writes what a client sends, chunk by chunk, with every liberty that the protocol gives and some that it does not.
struct ClientBytes {
    var bytes = ByteBuffer()

    static let handshakeSize = 1 + 2 * ServerHandshake.blockSize

    mutating func handshake(version: UInt8 = 3) {
        bytes.writeInteger(version)
        for index in 0..<2 * ServerHandshake.blockSize { bytes.writeInteger(UInt8(truncatingIfNeeded: index &* 7)) }
    }

    mutating func basicHeader(format: UInt8, id: Int) {
        switch id {
        case 2...63: bytes.writeInteger(format << 6 | UInt8(id))
        case 64...319: bytes.writeMultipleIntegers(format << 6, UInt8(id - 64))
        default:
            bytes.writeInteger(format << 6 | 1)
            bytes.writeInteger(UInt16(id - 64), endianness: .little)
        }
    }

    /// A chunk of any type; `time` of 0xFFFFFF and more is written extended.
    mutating func chunk(
        format: UInt8, id: Int, time: UInt32 = 0, length: Int = 0, type: UInt8 = 0, stream: UInt32 = 1,
        payload: [UInt8] = []
    ) {
        basicHeader(format: format, id: id)
        if format < 3 { bytes.writeUInt24(min(time, 0xFF_FFFF)) }
        if format < 2 {
            bytes.writeUInt24(UInt32(length))
            bytes.writeInteger(type)
        }
        if format == 0 { bytes.writeInteger(stream, endianness: .little) }
        if format < 3, time >= 0xFF_FFFF { bytes.writeInteger(time) }
        bytes.writeBytes(payload)
    }

    /// A whole message, cut into chunks of `chunkSize`.
    mutating func message(
        id: Int, format: UInt8 = 0, time: UInt32 = 0, type: MessageType, stream: UInt32 = 1, payload: [UInt8],
        chunkSize: Int = 128
    ) {
        chunk(
            format: format, id: id, time: time, length: payload.count, type: type.rawValue, stream: stream,
            payload: Array(payload.prefix(chunkSize)))
        var rest = payload.dropFirst(chunkSize)
        while !rest.isEmpty {
            chunk(format: 3, id: id)
            if time >= 0xFF_FFFF { bytes.writeInteger(time) }
            bytes.writeBytes(rest.prefix(chunkSize))
            rest = rest.dropFirst(chunkSize)
        }
    }

    mutating func control(_ type: MessageType, _ value: UInt32, id: Int = 2) {
        message(id: id, type: type, stream: 0, payload: Array(ByteBuffer(integer: value).readableBytesView))
    }

    mutating func command(
        _ values: AMFValue..., id: Int = 3, stream: UInt32 = 0, chunkSize: Int = 128
    ) {
        message(
            id: id, type: .commandAMF0, stream: stream, payload: Self.amf(values), chunkSize: chunkSize)
    }

    mutating func ping(_ value: UInt32) {
        message(id: 2, type: .userControl, stream: 0, payload: [0, 6] + ByteBuffer(integer: value).readableBytesView)
    }

    static func amf(_ values: [AMFValue]) -> [UInt8] {
        var payload = ByteBuffer()
        for value in values { payload.writeAMF0(value) }
        return Array(payload.readableBytesView)
    }

    /// Handshake, connect, createStream and publish.
    static func opening(app: String = "live", key: String = "demo-key", tcURL: String = "rtmp://host/live")
        -> ClientBytes
    {
        var client = ClientBytes()
        client.handshake()
        client.command(
            .string("connect"), .number(1), .object(["app": .string(app), "tcUrl": .string(tcURL)]))
        client.command(.string("createStream"), .number(4), .null)
        client.command(
            .string("publish"), .number(5), .null, .string(key), .string("live"), id: 8, stream: 1)
        return client
    }
}
