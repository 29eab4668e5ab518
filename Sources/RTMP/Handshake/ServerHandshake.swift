import NIOCore

/// The server's half of the simple handshake (RTMP 1.0 §5.2).
///
/// Publishers differ in what they read before they send C2, so S0, S1 and S2 leave together as soon as C1 is whole.
/// What C2 holds is not looked at; no encoder depends on it.
struct ServerHandshake: Sendable {
    /// Length of C1, C2, S1 and S2, in bytes.
    static let blockSize = 1536

    private enum Step {
        case awaitingC1
        case skippingC2(byteCount: Int)
    }
    private var step = Step.awaitingC1

    /// Takes handshake bytes from `bytes` and writes the answer to `output`.
    ///
    /// Bytes of an incomplete C1 are left in `bytes`.
    /// - Returns: Whether the handshake is complete.
    mutating func read(_ bytes: inout ByteBuffer, output: inout ByteBuffer) throws(RTMPError) -> Bool {
        if case .awaitingC1 = step {
            guard let version = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else { return false }
            switch version {
            case 3: break
            case 6, 8: throw .encryptedRTMP(version: version)
            default: throw .notRTMP(firstByte: version)
            }
            guard bytes.readableBytes > Self.blockSize else { return false }
            bytes.moveReaderIndex(forwardBy: 1)
            guard let block = bytes.readSlice(length: Self.blockSize) else { return false }
            Self.writeAnswer(toC1: block, into: &output)
            step = .skippingC2(byteCount: Self.blockSize)
        }
        guard case .skippingC2(let missing) = step else { return false }
        let count = min(missing, bytes.readableBytes)
        bytes.moveReaderIndex(forwardBy: count)
        step = .skippingC2(byteCount: missing - count)
        return count == missing
    }

    private static func writeAnswer(toC1 block: ByteBuffer, into output: inout ByteBuffer) {
        output.writeInteger(UInt8(3))
        // Time 0, then four zero bytes: a version of 3 or more there would make players expect a signed handshake.
        output.writeInteger(UInt64(0))
        var filler: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<(blockSize - 8) / 8 {
            filler = filler &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            output.writeInteger(filler)
        }
        // S2 repeats C1 byte for byte: OBS compares all of it and warns about a difference.
        output.writeImmutableBuffer(block)
    }
}
