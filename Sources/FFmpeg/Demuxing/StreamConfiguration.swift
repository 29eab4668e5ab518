import AudioTimeline
import CFFmpeg
import NIOCore

extension AudioCodec {
    init?(_ identifier: AVCodecID) {
        switch identifier {
        case AV_CODEC_ID_AAC, AV_CODEC_ID_AAC_LATM: self = .aac
        // MPEG audio is told apart by its frames.
        case AV_CODEC_ID_MP1, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3: self = .mp3
        case AV_CODEC_ID_OPUS: self = .opus
        case AV_CODEC_ID_VORBIS: self = .vorbis
        case AV_CODEC_ID_FLAC: self = .flac
        case AV_CODEC_ID_AC3: self = .ac3
        case AV_CODEC_ID_EAC3: self = .eac3
        default: return nil
        }
    }
}

/// What a packet of libavformat needs to be decoded: from the container where it says so, otherwise from the packet.
enum StreamConfiguration {
    private static let longestSetup = 256 << 10

    /// - Parameter payload: empty before the first packet. Loses framing that is no part of the codec (ADTS in MPEG-TS).
    /// - Returns: `nil` for a packet that cannot be decoded from.
    static func make(
        _ parameters: UnsafeMutablePointer<AVCodecParameters>, _ packet: UnsafeMutablePointer<AVPacket>?,
        _ payload: inout ByteBuffer
    ) throws(FFmpegError) -> CodecConfiguration? {
        guard let codec = AudioCodec(parameters.pointee.codec_id) else { return nil }
        let setup = setup(parameters, packet)
        guard setup.count <= longestSetup else { throw FFmpegError(.limitExceeded, "codec set-up above 256 KiB") }
        let start = payload.getBytes(at: payload.readerIndex, length: min(16, payload.readableBytes)) ?? []
        let channels = Int(parameters.pointee.ch_layout.nb_channels)
        switch codec {
        case .aac:
            guard setup.isEmpty else { return aac(setup) }
            guard let header = ADTSHeader(start), header.frameLength == payload.readableBytes else { return nil }
            payload.moveReaderIndex(forwardBy: header.headerLength)
            let block = payload
            guard let setup = try header.setup(firstBlock: { Array(block.readableBytesView) }) else { return nil }
            return CodecConfiguration(
                codec: .aac, sampleRate: header.sampleRate, channels: header.channels, setup: setup)
        case .mp1, .mp2, .mp3:
            return MPEGAudioHeader(frame: start).map {
                CodecConfiguration(codec: $0.codec, sampleRate: $0.sampleRate, channels: $0.channels)
            }
        case .ac3, .eac3:
            return AC3Header(start).map {
                CodecConfiguration(
                    codec: $0.isEnhanced ? .eac3 : .ac3, sampleRate: $0.sampleRate, channels: $0.channels)
            }
        case .opus:
            guard setup.count >= 19 else { return nil }
            return CodecConfiguration(codec: .opus, sampleRate: 48_000, channels: Int(setup[9]), setup: setup)
        case .vorbis:
            guard !setup.isEmpty, parameters.pointee.sample_rate > 0 else { return nil }
            return CodecConfiguration(
                codec: .vorbis, sampleRate: Int(parameters.pointee.sample_rate), channels: channels, setup: setup)
        case .flac:
            return FLACStreamInformation(Array(setup.prefix(FLACStreamInformation.length)))?.configuration
        case .speex: return nil
        }
    }

    /// AAC of any kind; the demuxer refuses the kinds that no decoder takes.
    static func aac(_ setup: [UInt8]) -> CodecConfiguration {
        let config = AudioSpecificConfig(setup)
        return CodecConfiguration(
            codec: .aac, sampleRate: config?.sampleRate ?? 0, channels: config?.channels ?? 0, setup: setup)
    }

    /// The container's set-up, or a newer one that came with the packet.
    private static func setup(
        _ parameters: UnsafeMutablePointer<AVCodecParameters>, _ packet: UnsafeMutablePointer<AVPacket>?
    ) -> [UInt8] {
        var size = 0
        if let packet, let data = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size), size > 0 {
            return Array(UnsafeBufferPointer(start: data, count: size))
        }
        guard let data = parameters.pointee.extradata, parameters.pointee.extradata_size > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(parameters.pointee.extradata_size)))
    }
}
