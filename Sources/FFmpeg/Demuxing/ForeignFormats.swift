public import AudioTimeline

extension ContainerSniffer {
    /// Why a push that begins with `bytes` is not taken, where they are those of a format that is known and not read.
    ///
    /// - Parameter bytes: the beginning of the body.
    public static func refusal(of bytes: [UInt8]) -> UndecodableAudio? {
        if bytes.count >= 12, bytes.starts(with: "RIFF".utf8) || bytes.starts(with: "RF64".utf8) {
            let kind = String(decoding: bytes[8..<12], as: UTF8.self)
            if kind == "WAVE" { return UndecodableAudio("WAV (uncompressed audio)", advice: "send FLAC or AAC") }
            if kind == "AVI " { return UndecodableAudio("AVI", advice: "send Matroska, MPEG-TS or fragmented MP4") }
        }
        for (signature, name) in signatures where bytes.starts(with: signature) { return UndecodableAudio(name) }
        if bytes.starts(with: [0x0B, 0x77]), AC3Header(Array(bytes.prefix(8))) != nil {
            return UndecodableAudio("AC-3 without a container", advice: "send it in MPEG-TS or Matroska")
        }
        if isText(bytes) {
            return UndecodableAudio(sentence: "The body is text, not audio; send AAC, MP3, Opus, Vorbis or FLAC.")
        }
        return nil
    }

    private static let signatures: [([UInt8], String)] =
        [
            ("FORM", "AIFF"), ("caff", "CAF"), (".snd", "AU (uncompressed audio)"), ("wvpk", "WavPack"),
            ("MAC ", "Monkey's Audio"), ("TTA1", "TTA"), ("TTA2", "TTA"), ("tBaK", "TAK"), ("MPCK", "Musepack"),
            ("MP+", "Musepack"), ("OFR ", "OptimFROG"), ("#!AMR", "AMR"), (".RMF", "RealMedia"),
            (".ra\u{FD}", "RealAudio"),
            ("DSD ", "DSD"), ("FRM8", "DSD"), ("MThd", "MIDI"),
        ].map { ($0.0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }, $0.1) } + [
            ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], "ASF (Windows Media)"),
            ([0x7F, 0xFE, 0x80, 0x01], "DTS"), ([0xFE, 0x7F, 0x01, 0x80], "DTS"), ([0x1F, 0xFF, 0xE8, 0x00], "DTS"),
            ([0xFF, 0x1F, 0x00, 0xE8], "DTS"), ([0x64, 0x58, 0x20, 0x25], "DTS-HD"),
            ([0x00, 0x00, 0x01, 0xBA], "MPEG program stream"),
            ([0x89, 0x50, 0x4E, 0x47], "PNG (a picture)"), ([0xFF, 0xD8, 0xFF], "JPEG (a picture)"),
            ([0x50, 0x4B, 0x03, 0x04], "ZIP"),
        ]

    /// Pages and playlists: what is sent when an address is taken for what lies behind it.
    private static func isText(_ bytes: [UInt8]) -> Bool {
        let head = bytes.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        return ["<!DOCTYPE", "<!doctype", "<html", "<?xml", "#EXTM3U", "[playlist]", "ffconcat"].contains {
            head.starts(with: $0.utf8)
        }
    }
}
