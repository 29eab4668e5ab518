import NIOCore

/// Tags of files that frames stand between: ID3v2 (id3.org), APEv2, and ID3v1 at a file's end. Their pictures are of no use,
/// and may have hundreds of megabytes.
extension InputWindow {
    /// Passes over a tag where one begins.
    ///
    /// - Returns: whether there was one.
    func skipTag() throws(FFmpegError) -> Bool {
        guard try fill(3) else { return false }
        if starts(with: "ID3") { return try skipID3() }
        if starts(with: "APE") { return try skipAPE() }
        guard starts(with: "TAG") else { return false }
        try skip(128)
        return true
    }

    /// Whether a tag could begin with `bytes`.
    static func isTag(_ bytes: [UInt8]) -> Bool {
        ["ID3", "APE", "TAG"].contains { bytes.starts(with: $0.utf8) }
    }

    private func skipID3() throws(FFmpegError) -> Bool {
        guard try fill(10) else { return false }
        let header = bytes(0..<10)
        guard header[3] < 0xFF, header[4] < 0xFF, header[6...].allSatisfy({ $0 < 0x80 }) else { return false }
        let size = header[6...].reduce(0) { $0 << 7 | Int($1) }
        let footer = header[5] & 0x10 == 0 ? 0 : 10
        try skip(10 + size + footer)
        return true
    }

    /// Signature (8), version (4), length of items and footer (4), count (4), flags (4), reserved (8). A tag without a header
    /// shows only when its items are over, and these were passed over as rubbish.
    private func skipAPE() throws(FFmpegError) -> Bool {
        guard try fill(32), starts(with: "APETAGEX") else { return false }
        let isHeader = integer(at: 20, as: UInt32.self, endianness: .little) & 1 << 29 != 0
        let length = Int(integer(at: 12, as: UInt32.self, endianness: .little))
        try skip(32 + (isHeader ? length : 0))
        return true
    }
}
