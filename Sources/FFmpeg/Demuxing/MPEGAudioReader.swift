import AudioTimeline
import NIOCore

/// MP3: gives frames, without ID3 and without the frame that only holds an encoder's table of contents.
final class MPEGAudioReader: ContainerReader {
    private let window: InputWindow
    private var header: MPEGAudioHeader?
    private var isInSync = false

    init(_ window: InputWindow) {
        self.window = window
    }

    func next() throws(FFmpegError) -> DemuxedItem? {
        while true {
            if try window.skipID3() { continue }
            guard try window.fill(MPEGAudioHeader.length) else { return nil }
            guard window[0] == 0xFF, window[1] & 0xE6 == 0xE2,
                let found = MPEGAudioHeader(window.bytes(0..<MPEGAudioHeader.length)), try isConfirmed(found)
            else {
                resynchronise()
                continue
            }
            guard try window.fill(found.frameLength) else { return nil }
            isInSync = true
            if isTableOfContents(found) {
                window.drop(found.frameLength)
                continue
            }
            guard let header, header.hasSameConfiguration(as: found) else {
                header = found
                let channels = found.isMono ? 1 : 2
                return .configuration(
                    CodecConfiguration(codec: .mp3, sampleRate: found.sampleRate, channels: channels))
            }
            window.notePacket()
            return .packet(DemuxedPacket(payload: window.take(found.frameLength)))
        }
    }

    /// The frame of a file's head, or of each track's where files follow one another, which would be heard as silence.
    private func isTableOfContents(_ found: MPEGAudioHeader) -> Bool {
        let offset = found.tagOffset
        guard found.frameLength >= 40 else { return false }
        // With a checksum the side information begins two bytes later.
        return window.starts(with: "Xing", at: offset) || window.starts(with: "Info", at: offset)
            || window.starts(with: "Xing", at: offset + 2) || window.starts(with: "Info", at: offset + 2)
            || window.starts(with: "VBRI", at: 36)
    }

    private func isConfirmed(_ found: MPEGAudioHeader) throws(FFmpegError) -> Bool {
        if isInSync, let header, found.canFollow(header) { return true }
        let end = found.frameLength
        guard try window.fill(end + MPEGAudioHeader.length) else { return window.count >= end }
        let next = window.bytes(end..<(end + MPEGAudioHeader.length))
        return next.starts(with: "ID3".utf8) || next.starts(with: "TAG".utf8)
            || MPEGAudioHeader(next)?.canFollow(found) ?? false
    }

    private func resynchronise() {
        isInSync = false
        window.drop(window.firstSync(from: 1, mask: 0xE6, value: 0xE2))
    }
}
