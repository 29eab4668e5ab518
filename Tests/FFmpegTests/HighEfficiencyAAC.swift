import NIOCore

/// Turns AAC-LC into HE-AAC: puts spectral band replication behind the access units of a mono core, which FFmpeg's encoder
/// cannot. The envelope is flat; how it sounds does not matter, the doubled rate does.
func addSpectralBandReplication(to payload: ByteBuffer) throws -> ByteBuffer {
    var bits = payload.readableBytesView.flatMap { byte in (0..<8).reversed().map { byte >> UInt8($0) & 1 } }
    // The unit ends with the three ones of ID_END, then zeros up to the byte.
    guard let end = bits.lastIndex(of: 1), end >= 3, bits[(end - 2)...end].elementsEqual([1, 1, 1]) else {
        throw CommandLineFFmpeg.Failure(message: "access unit without an end")
    }
    bits.removeSubrange((end - 2)...)
    func put(_ value: Int, _ count: Int) {
        bits += (0..<count).reversed().map { UInt8(value >> $0 & 1) }
    }
    // Fill element (ISO/IEC 14496-3 §4.4.2.7) with escaped length: 15 + 36 − 1 = 50 bytes.
    put(6, 3)
    put(15, 4)
    put(36, 8)
    let start = bits.count
    put(13, 4)  // EXT_SBR_DATA
    put(1, 1)  // header present
    put(1, 1)  // amplitude resolution
    put(5, 4)  // start frequency
    put(9, 4)  // stop frequency
    put(0, 3 + 2 + 1 + 1)
    put(0, 1)  // no extra data
    put(0, 2 + 2 + 1)  // one fixed envelope, coarse
    // Directions of coding, inverse filtering, envelope and noise: zeros are the shortest codes, for no change.
    put(0, 50 * 8 - (bits.count - start))
    put(7, 3)
    put(0, (8 - bits.count % 8) % 8)
    return ByteBuffer(
        bytes: stride(from: 0, to: bits.count, by: 8).map { bits[$0..<($0 + 8)].reduce(0) { $0 << 1 | $1 } })
}
