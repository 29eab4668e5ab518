import AudioTimeline

/// Tells containers apart by their first bytes.
public enum ContainerSniffer {
    /// Bytes that are enough whatever the container, unless tags come first.
    public static let sufficientLength = 1024

    /// The container of a push.
    ///
    /// - Parameters:
    ///   - bytes: the beginning of the body; more than ``sufficientLength`` changes nothing.
    ///   - contentType: what the peer declared, with or without parameters. It decides where bytes do not (tags, a stream
    ///     joined in the middle); bytes that are unmistakable win over it.
    /// - Returns: `nil` when neither says anything; ask again with more bytes if fewer than ``sufficientLength`` were
    ///   there.
    public static func format(of bytes: [UInt8], contentType: String? = nil) -> ContainerFormat? {
        let declared = contentType.flatMap(declaredFormat)
        if bytes.starts(with: "OggS".utf8) { return .ogg }
        if bytes.starts(with: "fLaC".utf8) { return .flac }
        if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) { return .matroska }
        if bytes.starts(with: "FLV\u{1}".utf8) { return .flv }
        if bytes.count >= 8, boxes.contains(where: { bytes[4..<8].elementsEqual($0.utf8) }) { return .mov }
        if isTransportStream(bytes) { return .mpegts }
        if bytes.starts(with: "ID3".utf8) {
            return declared.flatMap { [.mp3, .adts, .flac].contains($0) ? $0 : nil } ?? behindTag(bytes) ?? .mp3
        }
        if let found = frames(in: bytes, from: 0) { return found }
        if let declared { return declared }
        // Someone who joined a stream in the middle: the first two frames that follow one another.
        for offset in bytes.indices.dropFirst().prefix(sufficientLength) where bytes[offset] == 0xFF {
            if let found = frames(in: bytes, from: offset) { return found }
        }
        return nil
    }

    private static let boxes = ["ftyp", "styp", "moov", "moof", "sidx", "emsg"]

    /// The format behind a short ID3v2 tag.
    private static func behindTag(_ bytes: [UInt8]) -> ContainerFormat? {
        guard bytes.count >= 10, bytes[6..<10].allSatisfy({ $0 < 0x80 }) else { return nil }
        let end = 10 + bytes[6..<10].reduce(0) { $0 << 7 | Int($1) }
        guard end < bytes.count else { return nil }
        if bytes[end...].starts(with: "fLaC".utf8) { return .flac }
        return frames(in: bytes, from: end)
    }

    /// A frame at `offset`, followed by another if that is there.
    private static func frames(in bytes: [UInt8], from offset: Int) -> ContainerFormat? {
        let rest = bytes[offset...]
        if let first = ADTSHeader(Array(rest.prefix(ADTSHeader.length))) {
            let next = Array(rest.dropFirst(first.frameLength).prefix(ADTSHeader.length))
            if next.count < ADTSHeader.length || ADTSHeader(next)?.hasSameConfiguration(as: first) ?? false {
                return .adts
            }
        }
        if let first = MPEGAudioHeader(layer3: Array(rest.prefix(MPEGAudioHeader.length))) {
            let next = Array(rest.dropFirst(first.byteLength).prefix(MPEGAudioHeader.length))
            if next.count < MPEGAudioHeader.length || MPEGAudioHeader(layer3: next)?.canFollow(first) ?? false {
                return .mp3
            }
        }
        return nil
    }

    private static func isTransportStream(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 188 else { return false }
        return stride(from: 0, to: min(bytes.count, 5 * 188), by: 188).allSatisfy { bytes[$0] == 0x47 }
    }

    private static func declaredFormat(_ contentType: String) -> ContainerFormat? {
        let type = contentType.lowercased().prefix { $0 != ";" && $0 != " " }
        switch type {
        case "audio/aac", "audio/aacp", "audio/x-aac", "audio/x-hx-aac-adts": return .adts
        case "audio/mpeg", "audio/mp3", "audio/x-mpeg", "audio/x-mp3", "audio/mpeg3": return .mp3
        case "application/ogg", "audio/ogg", "video/ogg", "audio/opus", "audio/vorbis", "audio/x-ogg": return .ogg
        case "audio/flac", "audio/x-flac": return .flac
        case "audio/webm", "video/webm", "audio/x-matroska", "video/x-matroska", "application/x-matroska",
            "audio/matroska", "video/matroska":
            return .matroska
        case "audio/mp4", "video/mp4", "audio/x-m4a", "application/mp4", "video/quicktime": return .mov
        case "video/mp2t", "audio/mp2t": return .mpegts
        case "video/x-flv", "audio/x-flv": return .flv
        default: return nil
        }
    }
}
