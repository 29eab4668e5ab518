import NIOCore

/// Writes access units of AAC-LC, 48 kHz stereo, the way a file has them (ISO/IEC 14496-3 §1.A.2.2).
func adts(_ payload: ByteBuffer) -> [UInt8] {
    let length = payload.readableBytes + 7
    let header: [UInt8] = [
        0xFF, 0xF1, 0x4C, 0x80 | UInt8(length >> 11), UInt8(length >> 3 & 0xFF), UInt8(length & 7) << 5 | 0x1F, 0xFC,
    ]
    return header + payload.readableBytesView
}
