import AudioTimeline
import CFFmpeg
import NIOCore

/// Matroska, MP4, MPEG-TS and FLV by way of libavformat: the first stream of audio that we can decode.
final class LibraryReader: ContainerReader {
    private let format: ContainerFormat
    private let source: any LinkSource
    private let window: InputWindow
    private var container: LibraryContainer?
    private var packet: Packet?
    private var chosen: Int?
    private var announced: CodecConfiguration?
    private var announcedTags: [String: String] = [:]
    private var queue = ArraySlice<DemuxedItem>()
    private var emptyPackets = 0
    private var trims = LibraryTrims()
    private var latm = LATMReader()

    init(_ format: ContainerFormat, _ window: InputWindow) {
        self.format = format
        self.window = window
        source =
            switch format {
            case .matroska: MatroskaLinks(window)
            case .mov: MovLinks(window)
            case .mpegts: TransportLinks(window)
            default: SingleLink(window)
            }
    }

    func next() throws(FFmpegError) -> DemuxedItem? {
        while true {
            if let item = queue.popFirst() { return item }
            if packet == nil { packet = try Packet() }
            if container == nil {
                try open()
                continue
            }
            guard try readPacket() else {
                guard source.hasNext else { return nil }
                if source.nextIsNew { announced = nil }
                trims.linkEnded(nextIsNew: source.nextIsNew)
                source.advance()
                (container, chosen) = (nil, nil)
                continue
            }
        }
    }

    private func open() throws(FFmpegError) {
        let opened = try LibraryContainer(format, source)
        container = opened
        // The others tell their streams on the way.
        guard format == .mov || format == .matroska else { return }
        choose(opened)
        guard let chosen else { return try refuse(opened) }
        // Long fragments have much video in front of the audio: that there will be some is known by now.
        guard format == .mov, let stream = opened.stream(chosen), let parameters = stream.pointee.codecpar else {
            return
        }
        var nothing = ByteBuffer()
        let configuration = try StreamConfiguration.make(parameters, nil, &nothing)
        if let configuration { announce(configuration, opened, parameters) }
    }

    /// Says why nothing of the container is played.
    private func refuse(_ container: LibraryContainer) throws(FFmpegError) {
        guard container.streamCount > 0 else { return }
        for index in 0..<container.streamCount {
            guard let parameters = container.stream(index)?.pointee.codecpar,
                let refusal = UndecodableStream.refusal(parameters)
            else { continue }
            throw FFmpegError(refusal)
        }
        throw FFmpegError(
            UndecodableAudio(sentence: "The stream has no audio track; add one of AAC, MP3, Opus, Vorbis or FLAC."))
    }

    private func readPacket() throws(FFmpegError) -> Bool {
        guard let container, let pointer = packet?.pointer else { return false }
        defer { av_packet_unref(pointer) }
        guard try container.read(pointer) else { return false }
        let index = Int(pointer.pointee.stream_index)
        if chosen == nil { choose(container) }
        guard index == chosen, let stream = container.stream(index), pointer.pointee.size > 0 else {
            emptyPackets += pointer.pointee.size > 0 ? 0 : 1
            guard emptyPackets < 1_000 else { throw FFmpegError(.noAudio, "1000 packets without content") }
            return true
        }
        emptyPackets = 0
        try take(pointer, stream, container)
        return true
    }

    /// Takes the first stream of a codec that we know, and has the others dropped where they are read.
    private func choose(_ container: LibraryContainer) {
        for index in 0..<container.streamCount {
            guard let stream = container.stream(index) else { continue }
            if chosen == nil, AudioCodec(stream.pointee.codecpar.pointee.codec_id) != nil {
                chosen = index
            } else {
                stream.pointee.discard = AVDISCARD_ALL
            }
        }
    }

    private func take(
        _ pointer: UnsafeMutablePointer<AVPacket>, _ stream: UnsafeMutablePointer<AVStream>,
        _ container: LibraryContainer
    ) throws(FFmpegError) {
        guard let data = pointer.pointee.data, let parameters = stream.pointee.codecpar else { return }
        var payload = ByteBuffer(bytes: UnsafeRawBufferPointer(start: data, count: Int(pointer.pointee.size)))
        let time = pointer.pointee.pts == cffmpeg_no_timestamp ? pointer.pointee.dts : pointer.pointee.pts
        let microseconds =
            time == cffmpeg_no_timestamp
            ? nil : av_rescale_q(time, stream.pointee.time_base, AVRational(num: 1, den: 1_000_000))
        // What overflows comes back as the smallest number, which is no time either.
        let timestamp = microseconds.flatMap { MediaTimestamp($0, perSecond: 1_000_000) }
        if parameters.pointee.codec_id == AV_CODEC_ID_AAC_LATM {
            return try takeLATM(Array(payload.readableBytesView), timestamp, container, parameters)
        }
        guard let configuration = try StreamConfiguration.make(parameters, pointer, &payload),
            payload.readableBytes > 0
        else { return }
        announce(configuration, container, parameters)
        window.notePacket()
        let trim = trims.trim(of: payload, pointer)
        queue.append(.packet(DemuxedPacket(payload: payload, timestamp: timestamp, trim: trim)))
    }

    private func takeLATM(
        _ frame: [UInt8], _ timestamp: MediaTimestamp?, _ container: LibraryContainer,
        _ parameters: UnsafeMutablePointer<AVCodecParameters>
    ) throws(FFmpegError) {
        guard let content = try latm.read(frame), !content.units.isEmpty else { return }
        announce(StreamConfiguration.aac(content.setup), container, parameters)
        window.notePacket()
        for (index, unit) in content.units.enumerated() {
            let time = index == 0 ? timestamp : nil
            queue.append(.packet(DemuxedPacket(payload: ByteBuffer(bytes: unit), timestamp: time)))
        }
    }

    private func announce(
        _ configuration: CodecConfiguration, _ container: LibraryContainer,
        _ parameters: UnsafeMutablePointer<AVCodecParameters>
    ) {
        guard configuration != announced, let chosen else { return }
        announced = configuration
        trims.began(configuration, parameters, format)
        queue.append(.configuration(configuration))
        let tags = container.tags(ofStream: chosen)
        guard tags != announcedTags else { return }
        announcedTags = tags
        queue.append(.metadata(tags))
    }
}
