import AudioTimeline
import NIOCore

/// AAC in ADTS frames: gives access units without header, and the set-up that follows from the header.
///
/// A frame counts once the next one begins where it ends with the same rate and channels; while that goes on, each is
/// given as soon as it is complete.
final class ADTSReader: ContainerReader {
    private let window: InputWindow
    private var header: ADTSHeader?
    private var isInSync = false
    private var setup: [UInt8] = []

    init(_ window: InputWindow) {
        self.window = window
    }

    func next() throws(FFmpegError) -> DemuxedItem? {
        while true {
            if try window.skipTag() { continue }
            guard try window.fill(ADTSHeader.length) else { return nil }
            guard window[0] == 0xFF, window[1] & 0xF6 == 0xF0,
                let found = ADTSHeader(window.bytes(0..<ADTSHeader.length)), try isConfirmed(found)
            else {
                resynchronise()
                continue
            }
            guard try window.fill(found.frameLength) else { return nil }
            isInSync = true
            let newSetup = try found.setup(firstBlock: { self.window.bytes(found.headerLength..<found.frameLength) })
            if header.map({ !$0.hasSameConfiguration(as: found) }) ?? true || (newSetup != nil && newSetup != setup) {
                // Channels may be listed in a block of their own that only some frames repeat.
                guard let newSetup else {
                    window.drop(found.frameLength)
                    continue
                }
                header = found
                setup = newSetup
                return .configuration(
                    CodecConfiguration(
                        codec: .aac, sampleRate: found.sampleRate, channels: found.channels, setup: newSetup))
            }
            window.drop(found.headerLength)
            let payload = window.take(found.frameLength - found.headerLength)
            guard payload.readableBytes > 0 else { continue }
            window.notePacket()
            return .packet(DemuxedPacket(payload: payload))
        }
    }

    private func isConfirmed(_ found: ADTSHeader) throws(FFmpegError) -> Bool {
        if isInSync, let header, header.hasSameConfiguration(as: found) { return true }
        guard try window.fill(found.frameLength + ADTSHeader.length) else { return window.count >= found.frameLength }
        let next = window.bytes(found.frameLength..<(found.frameLength + ADTSHeader.length))
        return InputWindow.isTag(next) || ADTSHeader(next)?.hasSameConfiguration(as: found) ?? false
    }

    private func resynchronise() {
        isInSync = false
        window.drop(window.firstSync(from: 1, mask: 0xF6, value: 0xF0))
    }
}
