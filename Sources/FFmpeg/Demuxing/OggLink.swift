import AudioTimeline
import NIOCore

/// One link of an Ogg chain: a logical stream from its first page on.
struct OggLink {
    let serial: UInt32
    let codec: AudioCodec
    private(set) var configuration: CodecConfiguration?
    private(set) var tags: [String: String]?

    private let identification: ByteBuffer
    private var headersLeft: Int
    private var counter: PacketCounter?
    private var nextGranule: Int64?

    /// - Parameter packet: the first of a logical stream; `nil` for a codec that we do not take.
    init?(serial: UInt32, firstPacket packet: ByteBuffer) {
        self.serial = serial
        identification = packet
        guard packet.readableBytes <= 512 else { return nil }
        let bytes = Array(packet.readableBytesView)
        if bytes.starts(with: "OpusHead".utf8), bytes.count >= 19 {
            codec = .opus
            headersLeft = 1
        } else if bytes.starts(with: [1] + "vorbis".utf8), bytes.count >= 30 {
            codec = .vorbis
            headersLeft = 2
        } else if bytes.starts(with: [0x7F] + "FLAC".utf8), bytes.count >= 51 {
            codec = .flac
            headersLeft = .max
        } else if let head = SpeexHead(bytes) {
            codec = .speex
            headersLeft = 1 + head.extraHeaders
        } else {
            return nil
        }
    }

    /// Whether packets that come now are audio.
    var hasHeaders: Bool { headersLeft == 0 }

    /// Where comments begin in a packet that has some, told from its first bytes.
    func commentStart(_ packet: ByteBuffer) -> Int? {
        guard headersLeft > 0 else { return nil }
        let start = packet.readableBytesView.prefix(8)
        switch codec {
        case .opus: return start.elementsEqual("OpusTags".utf8) ? 8 : nil
        case .vorbis: return start.prefix(7).elementsEqual([3] + "vorbis".utf8) ? 7 : nil
        case .flac: return (start.first ?? 0) & 0x7F == 4 ? 4 : nil
        case .speex: return tags == nil ? 0 : nil
        default: return nil
        }
    }

    /// Takes one of the packets between the first and the audio.
    ///
    /// - Returns: whether it was one; in FLAC the first frame tells that headers are over.
    mutating func takeHeader(_ packet: ByteBuffer) throws(FFmpegError) -> Bool {
        guard headersLeft > 0 else { return false }
        defer { counter = configuration.flatMap { PacketCounter($0) } }
        switch codec {
        case .opus:
            tags = VorbisComment.tags(packet, behind: "OpusTags")
            headersLeft = 0
            let head = Array(identification.readableBytesView)
            configuration = CodecConfiguration(codec: .opus, sampleRate: 48_000, channels: Int(head[9]), setup: head)
        case .vorbis:
            headersLeft -= 1
            if headersLeft == 1 {
                tags = VorbisComment.tags(packet, behind: "\u{3}vorbis")
            } else {
                let setup = VorbisSetup(identification: identification, setup: packet)
                configuration = setup.configuration
            }
        case .speex:
            headersLeft -= 1
            if tags == nil { tags = VorbisComment.tags(packet) }
            let head = Array(identification.readableBytesView)
            configuration = SpeexHead(head).map {
                CodecConfiguration(codec: .speex, sampleRate: $0.sampleRate, channels: $0.channels, setup: head)
            }
        default:
            let first = packet.getInteger(at: packet.readerIndex, as: UInt8.self) ?? 0
            if first == 0xFF { return try !finishFLAC() }
            if first & 0x7F == 4, var comment = packet.getSlice(at: packet.readerIndex, length: packet.readableBytes) {
                comment.moveReaderIndex(forwardBy: min(4, comment.readableBytes))
                tags = VorbisComment.tags(comment)
            }
            if first & 0x80 != 0 { return try finishFLAC() }
        }
        return true
    }

    private mutating func finishFLAC() throws(FFmpegError) -> Bool {
        // RFC 9639 §10.1: signature (5), version (2), count (2), marker (4), block header (4), STREAMINFO.
        let bytes = identification.getBytes(at: identification.readerIndex + 17, length: FLACStreamInformation.length)
        guard let information = bytes.flatMap({ FLACStreamInformation($0) }) else {
            throw FFmpegError(.invalidData, "FLAC in Ogg without STREAMINFO")
        }
        configuration = information.configuration
        headersLeft = 0
        return true
    }

    /// The packets of a page with their places in time.
    mutating func timed(_ payloads: [ByteBuffer], _ page: OggPage) -> [DemuxedPacket] {
        guard let configuration, configuration.sampleRate > 0 else { return [] }
        let lengths = payloads.map { Int64(counter?.length(of: $0) ?? 0) }
        let total = lengths.reduce(0, +)
        var start = nextGranule
        var (lead, excess) = (Int64(0), Int64(0))
        // The page's position wins, so that holes show; on the last page it says where the padding begins.
        if page.granule >= 0 && page.granule < 1 << 56 && !payloads.isEmpty {
            // A link of one page begins at 0.
            let expected = nextGranule ?? 0
            if page.isLast, page.granule < expected + total {
                excess = min(total, expected + total - page.granule)
                start = expected
            } else {
                start = page.granule - total
                // Vorbis' first page tells by a position that is too small how much lies before 0 (Vorbis I §A.2).
                if nextGranule == nil, codec == .vorbis { lead = max(0, total - page.granule) }
            }
            nextGranule = page.granule
        } else {
            nextGranule = nextGranule.map { $0 &+ total }
        }
        var packets: [DemuxedPacket] = []
        for (payload, length) in zip(payloads, lengths) {
            let timestamp = start.flatMap { MediaTimestamp($0, perSecond: configuration.sampleRate) }
            packets.append(DemuxedPacket(payload: payload, timestamp: timestamp))
            start = start.map { $0 &+ length }
        }
        for index in packets.indices where lead > 0 {
            packets[index].trim = PacketTrim(start: min(lead, lengths[index]), end: 0)
            lead -= min(lead, lengths[index])
        }
        for index in packets.indices.reversed() where excess > 0 {
            packets[index].trim = PacketTrim(start: 0, end: min(excess, lengths[index]))
            excess -= min(excess, lengths[index])
        }
        return packets
    }
}
