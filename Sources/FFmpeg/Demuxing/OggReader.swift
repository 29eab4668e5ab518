import AudioTimeline
import NIOCore

/// Ogg: one logical stream of audio after the other. Each link of a chain gives its configuration and its tags anew;
/// whatever is interleaved with it (video, skeletons) is dropped.
final class OggReader: ContainerReader {
    private let pages: OggPageReader
    private let window: InputWindow
    private var link: OggLink?
    private var assembler = OggPacketAssembler()
    private var beginnings = OggBeginnings()
    private var queue = ArraySlice<DemuxedItem>()

    init(_ window: InputWindow) {
        self.window = window
        pages = OggPageReader(window)
    }

    func next() throws(FFmpegError) -> DemuxedItem? {
        while true {
            if let item = queue.popFirst() {
                if case .packet = item { window.notePacket() }
                return item
            }
            guard let page = try pages.next() else { return nil }
            if page.isFirst {
                begin(page)
            } else {
                try beginnings.end()
            }
            guard page.serial == link?.serial else {
                // Video beside the audio may be as much as it likes.
                if !page.isFirst, beginnings.holds(page.serial) { try window.excuse(page.length) }
                continue
            }
            try take(page)
        }
    }

    private func take(_ page: OggPage) throws(FFmpegError) {
        var packets = assembler.packets(in: page, commentStart: { [link] in link?.commentStart($0) })[...]
        if page.isFirst {
            packets = packets.dropFirst()
        } else if link?.hasHeaders == false {
            // Pictures in comments.
            try window.excuse(page.length)
        }
        try takeHeaders(&packets)
        guard link?.hasHeaders ?? false else { return }
        let audio = packets.filter { $0.readableBytes > 0 }
        for packet in link?.timed(audio, page) ?? [] { queue.append(.packet(packet)) }
    }

    /// A logical stream begins. Those of one link all begin before anything else comes (RFC 3533 §4), so a beginning behind
    /// other pages is the next link's, whether the one before had audio or not.
    private func begin(_ page: OggPage) {
        var first = OggPacketAssembler()
        guard let packet = first.packets(in: page).first else { return }
        let next = OggLink(serial: page.serial, firstPacket: packet)
        guard beginnings.add(page.serial, packet, isAudio: next != nil), let next else { return }
        link = next
        assembler = OggPacketAssembler()
    }

    private func takeHeaders(_ packets: inout ArraySlice<ByteBuffer>) throws(FFmpegError) {
        while let packet = packets.first, link?.hasHeaders == false {
            let wasHeader = try link?.takeHeader(packet) ?? true
            if let link, link.hasHeaders, let configuration = link.configuration {
                queue.append(.configuration(configuration))
                queue.append(.metadata(link.tags ?? [:]))
            }
            if wasHeader { packets.removeFirst() }
        }
    }
}
