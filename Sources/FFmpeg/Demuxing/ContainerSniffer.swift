import AudioTimeline

/// Tells containers apart by their first bytes.
public enum ContainerSniffer {
    /// Bytes that are enough whatever the container: two of the longest frames that a stream joined in the middle has.
    public static let sufficientLength = 4096

    /// The container of a push.
    ///
    /// - Parameters:
    ///   - bytes: the beginning of the body; more than ``sufficientLength`` changes nothing.
    ///   - contentType: what the peer declared, with or without parameters. It decides where bytes do not (tags, rubbish);
    ///     bytes that are unmistakable win over it.
    ///   - isAll: no more bytes come.
    /// - Returns: `nil` when neither says anything; ask again with more bytes if fewer than ``sufficientLength`` were
    ///   there.
    public static func format(
        of bytes: [UInt8], contentType: String? = nil, isAll: Bool = false
    ) -> ContainerFormat? {
        let declared = contentType.flatMap(declaredFormat)
        if bytes.starts(with: "OggS".utf8) { return .ogg }
        if bytes.starts(with: "fLaC".utf8) { return .flac }
        if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) { return .matroska }
        if bytes.starts(with: "FLV\u{1}".utf8) { return .flv }
        if bytes.count >= 8, boxes.contains(where: { bytes[4..<8].elementsEqual($0.utf8) }) { return .mov }
        if isTransportStream(bytes, from: 0) { return .mpegts }
        // What stands behind a tag is looked at when the tag has been passed over.
        if bytes.starts(with: "ID3".utf8) || bytes.starts(with: "APETAGEX".utf8) {
            return declared.flatMap { [.mp3, .adts, .loas, .flac].contains($0) ? $0 : nil } ?? .mp3
        }
        if let found = frames(in: bytes, from: 0, isConfirmed: false) { return found }
        guard bytes.count >= sufficientLength || isAll else { return nil }
        // Someone who joined a stream in the middle: the first frames or packets that follow one another.
        for offset in bytes.indices.dropFirst().prefix(sufficientLength) {
            if bytes[offset] == 0xFF || bytes[offset] == 0x56,
                let found = frames(in: bytes, from: offset, isConfirmed: true)
            {
                return found
            }
            if bytes[offset] == 0x47, offset <= 188, isTransportStream(bytes, from: offset) { return .mpegts }
        }
        return declared ?? (FreeFormatAudio.begins(bytes) ? .mp3 : nil)
    }

    private static let boxes = ["ftyp", "styp", "moov", "moof", "sidx", "emsg"]

    /// A frame at `offset`, followed by another of its kind.
    ///
    /// - Parameter isConfirmed: the other one must be there; otherwise it counts only if it is.
    static func frames(in bytes: [UInt8], from offset: Int, isConfirmed: Bool) -> ContainerFormat? {
        let rest = bytes[offset...]
        if let first = ADTSHeader(Array(rest.prefix(ADTSHeader.length))) {
            let next = Array(rest.dropFirst(first.frameLength).prefix(ADTSHeader.length))
            if next.count < ADTSHeader.length
                ? !isConfirmed : ADTSHeader(next)?.hasSameConfiguration(as: first) ?? false
            {
                return .adts
            }
        }
        if let length = LATMReader.frameLength(Array(rest.prefix(LATMReader.headerLength))) {
            let next = Array(rest.dropFirst(length).prefix(LATMReader.headerLength))
            if next.count < LATMReader.headerLength ? !isConfirmed : LATMReader.frameLength(next) != nil {
                return .loas
            }
        }
        if let first = MPEGAudioHeader(frame: Array(rest.prefix(MPEGAudioHeader.length))) {
            let next = Array(rest.dropFirst(first.byteLength).prefix(MPEGAudioHeader.length))
            if next.count < MPEGAudioHeader.length
                ? !isConfirmed : MPEGAudioHeader(frame: next)?.canFollow(first) ?? false
            {
                return .mp3
            }
        }
        return nil
    }

    private static func isTransportStream(_ bytes: [UInt8], from offset: Int) -> Bool {
        guard bytes.count - offset > 188 else { return false }
        return stride(from: offset, to: min(bytes.count, offset + 5 * 188), by: 188).allSatisfy { bytes[$0] == 0x47 }
    }

    private static func declaredFormat(_ contentType: String) -> ContainerFormat? {
        let type = contentType.lowercased().prefix { $0 != ";" && $0 != " " }
        switch type {
        case "audio/aac", "audio/aacp", "audio/x-aac", "audio/x-hx-aac-adts": return .adts
        case "audio/mpeg", "audio/mp3", "audio/x-mpeg", "audio/x-mp3", "audio/mpeg3", "audio/mp2", "audio/x-mp2",
            "audio/mpa":
            return .mp3
        case "application/ogg", "audio/ogg", "video/ogg", "audio/opus", "audio/vorbis", "audio/x-ogg", "audio/speex",
            "audio/x-speex":
            return .ogg
        case "audio/mp4a-latm": return .loas
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
