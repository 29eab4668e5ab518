import AudioTimeline
import NIOCore

/// Ogg: one logical stream of audio after the other. Each link of a chain gives its configuration and its tags anew;
/// whatever is interleaved with it (video, skeletons) is dropped.
final class OggReader: ContainerReader {
    private let pages: OggPageReader
    private let window: InputWindow
    private var link: OggLink?
    private var assembler = OggPacketAssembler()
    private var hasAudio = false
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
            try take(page)
        }
    }

    private func take(_ page: OggPage) throws(FFmpegError) {
        if page.isFirst { begin(page) }
        guard page.serial == link?.serial else { return }
        var packets = assembler.packets(in: page)[...]
        if page.isFirst {
            packets = packets.dropFirst()
        }
        try takeHeaders(&packets)
        guard link?.hasHeaders ?? false else { return }
        let audio = packets.filter { $0.readableBytes > 0 }
        hasAudio = hasAudio || !audio.isEmpty
        for packet in link?.timed(audio, page) ?? [] { queue.append(.packet(packet)) }
    }

    /// A logical stream begins. While the present one has no audio yet, others beside it are not ours.
    private func begin(_ page: OggPage) {
        guard link == nil || hasAudio || page.serial == link?.serial else { return }
        var first = OggPacketAssembler()
        guard let packet = first.packets(in: page).first,
            let next = OggLink(serial: page.serial, firstPacket: packet)
        else { return }
        link = next
        assembler = OggPacketAssembler()
        hasAudio = false
    }

    private func takeHeaders(_ packets: inout ArraySlice<ByteBuffer>) throws(FFmpegError) {
        while let packet = packets.first, link?.hasHeaders == false {
            let wasHeader = try link?.takeHeader(packet) ?? true
            if let link, link.hasHeaders, let configuration = link.configuration {
                queue.append(.configuration(configuration))
                if let tags = link.tags { queue.append(.metadata(tags)) }
            }
            if wasHeader { packets.removeFirst() }
        }
    }
}
