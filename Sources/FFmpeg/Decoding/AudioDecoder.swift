public import AudioTimeline
import CFFmpeg
public import NIOCore

/// Turns the packets of one leg into samples: what packet k holds comes out when packet k goes in.
///
/// Nothing is trimmed here: encoder delay and Opus' pre-skip come out too, so that a worker that begins in mid-leg needs
/// no memory of the beginning. What is not to be heard stands beside each packet.
/// The first packet of a Vorbis leg gives nothing, since its samples overlap with the second's.
///
/// Not for two threads at once; it may be handed from one to another.
public final class AudioDecoder {
    public let configuration: CodecConfiguration

    private var context: CodecContext
    /// HE-AAC was found behind AAC-LC.
    private var isReopened = false
    private let packet: Packet
    private let frame: Frame

    /// More than any frame of the codecs has (FLAC 65 535, Opus 5760).
    public static let mostSamplesPerPacket = 65_536

    /// More than any packet of the codecs has (FLAC, 65 535 samples of 8 channels).
    public static let mostBytesPerPacket = 4 << 20

    /// - Throws: ``FFmpegError/Reason/invalidData`` or ``FFmpegError/Reason/library(code:)`` when the set-up is damaged,
    ///   ``FFmpegError/Reason/unsupported`` when it asks for too many channels or FFmpeg was built without the decoder.
    public init(_ configuration: CodecConfiguration) throws(FFmpegError) {
        guard configuration.channels <= ChannelLayout.mostChannels else {
            throw FFmpegError(
                .unsupported, "\(configuration.channels) channels; send at most \(ChannelLayout.mostChannels)")
        }
        self.configuration = configuration
        context = try Self.open(configuration)
        packet = try Packet()
        frame = try Frame()
    }

    private static func open(_ configuration: CodecConfiguration) throws(FFmpegError) -> CodecContext {
        guard let codec = avcodec_find_decoder_by_name(configuration.codec.decoderName) else {
            throw FFmpegError(.unsupported, "FFmpeg was built without the decoder \(configuration.codec.decoderName)")
        }
        let context = try CodecContext(codec)
        try configuration.checkSetup()
        try context.setExtradata(configuration.setup)
        let pointer = context.pointer
        pointer.pointee.sample_rate = Int32(clamping: configuration.sampleRate)
        if configuration.channels > 0 {
            av_channel_layout_default(&pointer.pointee.ch_layout, Int32(configuration.channels))
        }
        pointer.pointee.request_sample_fmt = AV_SAMPLE_FMT_FLT
        pointer.pointee.max_samples = Int64(Self.mostSamplesPerPacket)
        // Without it libopus' wrapper would take the pre-skip off and packets would lose their length.
        pointer.pointee.flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL
        try context.open(codec)
        return context
    }

    /// Decodes one packet.
    ///
    /// - Returns: its samples; `nil` when it has none (the first of Vorbis, or nothing but side information).
    /// - Throws: when this packet cannot be decoded. The next one can; the caller fills this one's length with silence.
    public func decode(_ payload: ByteBuffer) throws(FFmpegError) -> PCMBlock? {
        guard payload.readableBytes > 0 else { throw FFmpegError(.invalidData, "empty packet") }
        guard payload.readableBytes <= Self.mostBytesPerPacket else {
            throw FFmpegError(.limitExceeded, "packet of \(payload.readableBytes) bytes")
        }
        let block = try decodeOnce(payload)
        // The decoder looks for SBR that nothing announces in its first packet only. A stream that begins with AAC-LC and
        // goes on as HE-AAC would stay without its treble; a new decoder finds it.
        guard context.pointer.pointee.opaque != nil, !isReopened else { return block }
        isReopened = true
        context = try Self.open(configuration)
        return try decodeOnce(payload)
    }

    private func decodeOnce(_ payload: ByteBuffer) throws(FFmpegError) -> PCMBlock? {
        try packet.fill(from: payload)
        defer { packet.clear() }
        try check(avcodec_send_packet(context.pointer, packet.pointer), "decode \(configuration.codec)")
        return try receive()
    }

    /// Ends a leg: gives what the decoder still holds, and makes it ready for another.
    ///
    /// None of the codecs keeps samples back today; the call is there so that the caller need not rely on it.
    public func flush() throws(FFmpegError) -> PCMBlock? {
        defer { avcodec_flush_buffers(context.pointer) }
        let code = avcodec_send_packet(context.pointer, nil)
        guard code >= 0 || code == cffmpeg_error_end_of_file else {
            throw FFmpegError(code: code, operation: "flush \(configuration.codec)")
        }
        return try receive()
    }

    private func receive() throws(FFmpegError) -> PCMBlock? {
        var block: PCMBlock?
        while true {
            let code = avcodec_receive_frame(context.pointer, frame.pointer)
            if code == cffmpeg_error_again || code == cffmpeg_error_end_of_file { return block }
            guard code >= 0 else {
                // Rubbish behind a whole frame costs the rubbish only.
                if let block { return block }
                throw FFmpegError(code: code, operation: "decode \(configuration.codec)")
            }
            do throws(FFmpegError) {
                defer { frame.clear() }
                let next = try makeBlock()
                // One packet with many frames is legal for MPEG audio that was cut badly; a second format in it is not.
                if block == nil {
                    block = next
                } else if block?.format == next.format {
                    for channel in next.channels.indices { block?.channels[channel] += next.channels[channel] }
                } else {
                    throw FFmpegError(.invalidData, "two formats in one packet")
                }
                guard block?.frameCount ?? 0 <= Self.mostSamplesPerPacket else {
                    throw FFmpegError(.limitExceeded, "more than \(Self.mostSamplesPerPacket) samples in one packet")
                }
            } catch {
                // Whatever of this packet is left inside must not be taken for the next one's.
                avcodec_flush_buffers(context.pointer)
                throw error
            }
        }
    }

    private func makeBlock() throws(FFmpegError) -> PCMBlock {
        let rate = Int(frame.pointer.pointee.sample_rate)
        guard Resampler.rates.contains(rate) else {
            throw FFmpegError(.unsupported, "\(rate) samples a second; send 44 100 or 48 000")
        }
        let planes = try frame.planes()
        let layout = ChannelLayout(
            channelCount: planes.count, speakers: cffmpeg_layout_mask(&frame.pointer.pointee.ch_layout))
        return PCMBlock(format: PCMFormat(sampleRate: rate, layout: layout), channels: planes)
    }
}

@available(*, unavailable)
extension AudioDecoder: Sendable {}

extension AudioCodec {
    fileprivate var decoderName: String {
        switch self {
        case .aac: "aac"
        case .mp3: "mp3float"
        case .opus: "libopus"
        case .vorbis: "vorbis"
        case .flac: "flac"
        case .ac3: "ac3"
        case .eac3: "eac3"
        case .mp1: "mp1float"
        case .mp2: "mp2float"
        case .speex: "speex"
        }
    }
}

extension CodecConfiguration {
    /// Refuses a set-up that makes a decoder allocate for hundreds of channels.
    fileprivate func checkSetup() throws(FFmpegError) {
        let channels: Int? =
            switch codec {
            // RFC 7845 §5.1: magic (8), version, channel count.
            case .opus: setup.count > 9 ? Int(setup[9]) : nil
            // Vorbis I §4.2.2 behind the lacing (packet count, two lengths): type and magic (7), version (4), channels.
            case .vorbis: setup.count > 14 ? Int(setup[14]) : nil
            default: 0
            }
        guard let channels else { throw FFmpegError(.invalidData, "the set-up of \(codec) is too short") }
        guard channels <= ChannelLayout.mostChannels else {
            throw FFmpegError(.unsupported, "\(channels) channels; send at most \(ChannelLayout.mostChannels)")
        }
        guard setup.count <= 1 << 20 else { throw FFmpegError(.limitExceeded, "codec set-up above 1 MiB") }
    }
}
