import NIOCore

/// The form that decoder set-up must have, and has after this, per codec.
enum SequenceHeader {
    static let streamInfoSize = 34

    static func check(_ body: ByteBuffer, of codec: FLVAudioCodec) throws(AudioTagError) -> ByteBuffer {
        switch codec {
        case .aac:
            // The shortest AudioSpecificConfig has 16 bits (ISO 14496-3 §1.6.2.1).
            guard body.readableBytes >= 2 else { throw .malformedSequenceHeader(.aac) }
            return body
        case .opus:
            guard body.readableBytes > 0 else { return body }
            guard body.readableBytes >= 19, body.starts(with: "OpusHead") else { throw .malformedSequenceHeader(.opus) }
            return body
        case .flac: return try streamInfo(body)
        // These describe themselves in every frame.
        case .mp3, .ac3, .eac3: return ByteBuffer()
        }
    }

    /// `STREAMINFO` alone, as FFmpeg writes it, or behind "fLaC" and its block header, as the text has it.
    private static func streamInfo(_ body: ByteBuffer) throws(AudioTagError) -> ByteBuffer {
        if body.readableBytes == streamInfoSize { return body }
        guard body.starts(with: "fLaC"), let type = body.getInteger(at: body.readerIndex + 4, as: UInt8.self),
            type & 0x7F == 0, body.getUInt24(at: body.readerIndex + 5) == UInt32(streamInfoSize),
            let info = body.getSlice(at: body.readerIndex + 8, length: streamInfoSize)
        else { throw .malformedSequenceHeader(.flac) }
        return info
    }
}

extension ByteBuffer {
    fileprivate func starts(with text: StaticString) -> Bool {
        getString(at: readerIndex, length: text.utf8CodeUnitCount) == text.description
    }
}
