import AudioTimeline
import NIOCore

/// FLAC's `STREAMINFO` (RFC 9639 §8.2), 34 bytes, kept byte for byte.
public struct FLACStreamInfo: Sendable, Hashable {
    public let bytes: [UInt8]
    public let sampleRate: Int
    public let channels: Int
    public let bitsPerSample: Int

    /// Reads the 34 bytes without the header of the metadata block.
    public init(_ bytes: [UInt8]) throws(CMAFError) {
        var bits = BitReader(Array(bytes.dropFirst(10)))
        guard
            bytes.count == 34,
            let sampleRate = bits.read(20),
            let channels = bits.read(3),
            let bitsPerSample = bits.read(5)
        else {
            throw .malformed(box: "dfLa", reason: "STREAMINFO of \(bytes.count) bytes instead of 34")
        }
        guard sampleRate > 0 else {
            throw .malformed(box: "dfLa", reason: "STREAMINFO with sample rate 0")
        }
        self.bytes = bytes
        self.sampleRate = sampleRate
        self.channels = channels + 1
        self.bitsPerSample = bitsPerSample + 1
    }

    /// Reads the body of a `dfLa` box; its first metadata block is STREAMINFO (FLAC in ISO BMFF §3.3.2).
    init(body: ByteBuffer) throws(CMAFError) {
        var body = body
        guard
            let (version, header) = body.readMultipleIntegers(as: (UInt32, UInt32).self),
            version >> 24 == 0,
            header & 0x7FFF_FFFF == 34,
            let bytes = body.readBytes(length: 34)
        else {
            throw .malformed(box: "dfLa", reason: "does not begin with STREAMINFO")
        }
        try self.init(bytes)
    }

    /// What fits the 16.16 field of a sample entry: the rate, or its largest regular division (§3.3.1).
    var sampleEntryRate: UInt32 {
        var rate = sampleRate
        while rate > 0xFFFF, rate.isMultiple(of: 2) { rate /= 2 }
        return rate > 0xFFFF ? 0 : UInt32(rate) << 16
    }

    func write(into buffer: inout ByteBuffer) {
        buffer.writeFullBox("dfLa") { dfLa in
            // Last-metadata-block flag, block type 0, length 34.
            dfLa.writeInteger(UInt32(0x8000_0022))
            dfLa.writeBytes(bytes)
        }
    }
}
