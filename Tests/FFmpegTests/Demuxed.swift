import AudioTimeline
import FFmpeg
import NIOCore
import Testing

/// All that a demuxer finds in a file.
struct Demuxed {
    var configurations: [CodecConfiguration] = []
    var tags: [[String: String]] = []
    /// With the index of their configuration.
    var packets: [(leg: Int, packet: DemuxedPacket)] = []

    init(_ file: [UInt8], _ format: ContainerFormat, pieceLength: Int = 1_400) throws {
        let demuxer = Demuxer(format: format, input: BytesInput(file, pieceLength: pieceLength))
        while let item = try demuxer.next() {
            switch item {
            case .configuration(let configuration): configurations.append(configuration)
            case .metadata(let metadata): tags.append(metadata)
            case .packet(let packet):
                try #require(!configurations.isEmpty, "a packet before its configuration")
                packets.append((configurations.count - 1, packet))
            }
        }
    }

    func packets(ofLeg leg: Int) -> [DemuxedPacket] {
        packets.filter { $0.leg == leg }.map(\.packet)
    }

    /// Decodes one leg: the samples and how many each packet had.
    func decode(leg: Int = 0) throws -> (channels: [[Float]], counts: [Int], formats: Set<PCMFormat>) {
        let decoder = try AudioDecoder(configurations[leg])
        var channels: [[Float]] = []
        var counts: [Int] = []
        var formats: Set<PCMFormat> = []
        for packet in packets(ofLeg: leg) {
            let block = try decoder.decode(packet.payload)
            counts.append(block?.frameCount ?? 0)
            guard let block else { continue }
            formats.insert(block.format)
            if channels.isEmpty { channels = block.channels.map { _ in [] } }
            try #require(channels.count == block.channels.count)
            for index in channels.indices { channels[index] += block.channels[index] }
        }
        #expect(try decoder.flush() == nil)
        return (channels, counts, formats)
    }

    /// What is heard of one leg: its samples without what the container and the codec's set-up cut off.
    func decodeTrimmed(leg: Int = 0) throws -> [[Float]] {
        let (channels, counts, _) = try decode(leg: leg)
        var counter = try #require(PacketCounter(configurations[leg]))
        var heard = channels.map { _ in [Float]() }
        var position = 0
        for (packet, count) in zip(packets(ofLeg: leg), counts) {
            let counted = counter.span(of: packet.payload, trim: packet.trim)
            let span = try #require(counted)
            #expect(Int(span.skip) + Int(span.length) <= count)
            let range = (position + Int(span.skip))..<(position + Int(span.skip) + Int(span.length))
            for index in heard.indices { heard[index] += channels[index][range] }
            position += count
        }
        return heard
    }
}
