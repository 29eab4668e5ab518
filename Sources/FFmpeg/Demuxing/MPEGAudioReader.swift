import AudioTimeline
import NIOCore

/// MPEG audio of any layer: gives frames, without tags and without the frame of MP3 that only holds an encoder's table of
/// contents.
///
/// Where that has LAME's tag, what encoder and decoder put in front of the signal is cut, and the padding at its end. A
/// stream without it (an encoder that pushes live) tells neither; its delay, 1105 samples with LAME, stays in.
final class MPEGAudioReader: ContainerReader {
    private let window: InputWindow
    private var header: MPEGAudioHeader?
    private var isInSync = false
    /// What the last file's head said of its length, if it did.
    private var track: MPEGAudioTrack?

    init(_ window: InputWindow) {
        self.window = window
    }

    func next() throws(FFmpegError) -> DemuxedItem? {
        while true {
            if try window.skipTag() { continue }
            guard try window.fill(MPEGAudioHeader.length) else { return nil }
            guard window[0] == 0xFF, window[1] & 0xE0 == 0xE0,
                let found = MPEGAudioHeader(frame: window.bytes(0..<MPEGAudioHeader.length)), try isConfirmed(found)
            else {
                try refuseFreeFormat()
                resynchronise()
                continue
            }
            guard try window.fill(found.byteLength) else { return nil }
            isInSync = true
            if let offset = tableOfContents(found) {
                track = LAMETag(window.bytes(offset..<found.byteLength)).map(MPEGAudioTrack.init)
                window.drop(found.byteLength)
                continue
            }
            guard let header, header.hasSameConfiguration(as: found) else {
                header = found
                return .configuration(
                    CodecConfiguration(codec: found.codec, sampleRate: found.sampleRate, channels: found.channels))
            }
            window.notePacket()
            let trim = track?.trimNext(length: Int64(found.frameLength)) ?? .none
            return .packet(DemuxedPacket(payload: window.take(found.byteLength), trim: trim))
        }
    }

    /// Where the tag lies in the frame of a file's head, or of each track's where files follow one another; the frame would
    /// be heard as silence.
    private func tableOfContents(_ found: MPEGAudioHeader) -> Int? {
        guard found.layer == 3, found.byteLength >= 40 else { return nil }
        // With a checksum the side information begins two bytes later.
        for offset in [found.tagOffset, found.tagOffset + 2]
        where window.starts(with: "Xing", at: offset) || window.starts(with: "Info", at: offset) {
            return offset
        }
        return window.starts(with: "VBRI", at: 36) ? 36 : nil
    }

    private func isConfirmed(_ found: MPEGAudioHeader) throws(FFmpegError) -> Bool {
        if isInSync, let header, found.canFollow(header) { return true }
        let end = found.byteLength
        guard try window.fill(end + MPEGAudioHeader.length) else { return window.count >= end }
        let next = window.bytes(end..<(end + MPEGAudioHeader.length))
        return InputWindow.isTag(next) || MPEGAudioHeader(frame: next)?.canFollow(found) ?? false
    }

    /// Nothing of it would ever be found, since no header tells where the next one lies.
    private func refuseFreeFormat() throws(FFmpegError) {
        guard window.count >= MPEGAudioHeader.length, window[0] == 0xFF, window[1] & 0xE0 == 0xE0,
            window[2] & 0xF0 == 0
        else { return }
        _ = try window.fill(FreeFormatAudio.sufficientLength)
        guard FreeFormatAudio.begins(window.bytes(0..<min(window.count, FreeFormatAudio.sufficientLength))) else {
            return
        }
        throw FFmpegError(
            UndecodableAudio(
                "Free-format MP3", advice: "set the encoder to one of the standard bit rates, up to 320 kbit/s"))
    }

    private func resynchronise() {
        isInSync = false
        window.drop(window.firstSync(from: 1, mask: 0xE0, value: 0xE0))
    }
}
