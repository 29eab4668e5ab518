import AudioTimeline
import NIOCore

/// MP3: gives frames, without ID3 and without the frame that only holds an encoder's table of contents.
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
            if try window.skipID3() { continue }
            guard try window.fill(MPEGAudioHeader.length) else { return nil }
            guard window[0] == 0xFF, window[1] & 0xE6 == 0xE2,
                let found = MPEGAudioHeader(layer3: window.bytes(0..<MPEGAudioHeader.length)), try isConfirmed(found)
            else {
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
                    CodecConfiguration(codec: .mp3, sampleRate: found.sampleRate, channels: found.channels))
            }
            window.notePacket()
            let trim = track?.trimNext(length: Int64(found.frameLength)) ?? .none
            return .packet(DemuxedPacket(payload: window.take(found.byteLength), trim: trim))
        }
    }

    /// Where the tag lies in the frame of a file's head, or of each track's where files follow one another; the frame would
    /// be heard as silence.
    private func tableOfContents(_ found: MPEGAudioHeader) -> Int? {
        guard found.byteLength >= 40 else { return nil }
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
        return next.starts(with: "ID3".utf8) || next.starts(with: "TAG".utf8)
            || MPEGAudioHeader(layer3: next)?.canFollow(found) ?? false
    }

    private func resynchronise() {
        isInSync = false
        window.drop(window.firstSync(from: 1, mask: 0xE6, value: 0xE2))
    }
}
