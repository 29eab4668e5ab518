import CFFmpeg

/// The cyclic redundancy checks of FLAC, Ogg and MPEG-TS, with libavutil's tables.
enum Checksum {
    /// CRC-8 of a frame header (RFC 9639 §9.1.8).
    static func flacHeader(_ bytes: [UInt8]) -> UInt8 {
        UInt8(truncatingIfNeeded: bytes.withUnsafeBytes { run(AV_CRC_8_ATM, 0, $0) })
    }

    /// CRC-16 of a whole frame without its last two bytes (RFC 9639 §9.3); with them it is 0.
    static func flacFrame(_ bytes: UnsafeRawBufferPointer, after sum: UInt16 = 0) -> UInt16 {
        // libavutil keeps the register with its bytes in the order in which they go out.
        UInt16(truncatingIfNeeded: run(AV_CRC_16_ANSI, UInt32(sum.byteSwapped), bytes)).byteSwapped
    }

    /// CRC-32 of a page whose own field is taken as 0 (RFC 3533 §6).
    static func oggPage(_ bytes: UnsafeRawBufferPointer, after sum: UInt32 = 0) -> UInt32 {
        run(AV_CRC_32_IEEE, sum.byteSwapped, bytes).byteSwapped
    }

    /// CRC-32 of a section of MPEG-TS (ISO/IEC 13818-1 annex A); with the checksum it is 0.
    static func transportSection(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { run(AV_CRC_32_IEEE, .max, $0) }.byteSwapped
    }

    private static func run(_ polynomial: AVCRCId, _ sum: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let table = av_crc_get_table(polynomial), let base = bytes.baseAddress else { return sum }
        return av_crc(table, sum, base.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
}
