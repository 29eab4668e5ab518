import CFFmpeg

/// Encodes 48 kHz stereo, so that what goes in at sample n is heard at sample n.
///
/// The encoder's delay is taken off here. A delay of whole packets is dropped (AAC: one packet of priming); one that is
/// not is first filled up to whole packets with silence (Opus: 648 zeros before its 312), so that packets lie on the grid
/// `start + k · frameSize` without pre-skip or edit list.
///
/// Opened once and never flushed within an epoch. Not for two threads at once; it may be handed from one to another.
public final class AudioEncoder {
    public let format: EncoderFormat

    /// Samples in each packet: 1024, 960 or 4608.
    public let frameSize: Int

    /// What a decoder needs, in the codec's own form: AAC `AudioSpecificConfig`, `OpusHead` with a pre-skip of 0
    /// (RFC 7845 §5.1), FLAC `STREAMINFO` (34 bytes).
    public let setup: [UInt8]

    /// Samples that must be fed behind a packet's end before the packet is given.
    public var lookahead: Int { format.lookahead }

    private let context: CodecContext
    private let frame: Frame
    private let packet: Packet
    private let sampleFormat: EncoderSampleFormat
    private var filled: Int
    private var nextInput: Int64
    private var nextPacket: Int64
    private let start: Int64
    private var end: Int64
    private var isFinished = false

    /// Opens an encoder.
    ///
    /// - Parameter position: where the first sample that is given to `encode` lies. A successor that warms up begins some
    ///   packets early, at a position on the packet grid, and drops what it does not need. FLAC's frame numbers follow
    ///   from it.
    /// - Throws: ``FFmpegError/Reason/unsupported`` when FFmpeg was built without the encoder,
    ///   ``FFmpegError/Reason/library(code:)`` when it refuses the bit rate.
    public init(_ format: EncoderFormat, position: Int64 = 0) throws(FFmpegError) {
        guard let codec = avcodec_find_encoder_by_name(format.encoderName) else {
            throw FFmpegError(.unsupported, "FFmpeg was built without the encoder \(format.encoderName)")
        }
        precondition(position >= 0, "positions count from the beginning of the epoch")
        self.format = format
        sampleFormat = format.sampleFormat
        frameSize = format.frameSize
        start = position
        end = position
        context = try CodecContext(codec)
        frame = try Frame()
        packet = try Packet()
        try context.configure(for: format)
        try context.open(codec)
        guard Int(context.pointer.pointee.frame_size) == frameSize else {
            throw FFmpegError(.unsupported, "\(format.encoderName) has frames of \(context.pointer.pointee.frame_size)")
        }
        setup = try format.setup(from: context.extradata)

        let delay = Int(context.pointer.pointee.initial_padding)
        filled = (frameSize - delay % frameSize) % frameSize
        nextInput = position - Int64(filled)
        nextPacket = nextInput - Int64(delay)
        try frame.allocate(sampleFormat, capacity: frameSize)
        frame.silence(sampleFormat, 0..<filled)
    }

    /// Encodes any number of samples; what does not fill a frame waits for the next call.
    ///
    /// - Returns: the packets that became complete, in order, without holes.
    /// - Precondition: both channels have the same length, and ``finish()`` was not called.
    public func encode(left: Span<Float>, right: Span<Float>) throws(FFmpegError) -> [EncodedPacket] {
        precondition(left.count == right.count, "channels of different length")
        precondition(!isFinished, "the encoder is finished")
        var packets: [EncodedPacket] = []
        var offset = 0
        while offset < left.count {
            if filled == 0 { try frame.makeWritable() }
            let count = min(frameSize - filled, left.count - offset)
            frame.write(sampleFormat, left: left, right: right, from: offset, at: filled, count: count)
            offset += count
            filled += count
            end += Int64(count)
            if filled == frameSize { try submit(into: &packets) }
        }
        return packets
    }

    /// Encodes a block; see ``encode(left:right:)``.
    public func encode(_ block: StereoBlock) throws(FFmpegError) -> [EncodedPacket] {
        try encode(left: block.left.span, right: block.right.span)
    }

    /// Ends the epoch: gives the packets up to the last sample, rounded up to whole packets with silence.
    public func finish() throws(FFmpegError) -> [EncodedPacket] {
        guard !isFinished else { return [] }
        isFinished = true
        var packets: [EncodedPacket] = []
        // Silence pushes the last packets out; draining would cut them off at places of the encoder's choice.
        while nextPacket < end {
            if filled == 0 { try frame.makeWritable() }
            frame.silence(sampleFormat, filled..<frameSize)
            try submit(into: &packets)
        }
        return packets
    }

    private func submit(into packets: inout [EncodedPacket]) throws(FFmpegError) {
        frame.pointer.pointee.pts = nextInput
        nextInput += Int64(frameSize)
        filled = 0
        try check(avcodec_send_frame(context.pointer, frame.pointer), "encode \(format.encoderName)")
        while true {
            let code = avcodec_receive_packet(context.pointer, packet.pointer)
            if code == cffmpeg_error_again { return }
            try check(code, "encode \(format.encoderName)")
            defer { packet.clear() }
            let position = nextPacket
            nextPacket += Int64(frameSize)
            guard position >= start, !isFinished || position < end else { continue }
            var payload = packet.payload()
            if case .flac = format { try FLACFrameNumber.set(position / Int64(frameSize), in: &payload) }
            packets.append(EncodedPacket(position: position, duration: frameSize, payload: payload))
        }
    }
}

@available(*, unavailable)
extension AudioEncoder: Sendable {}
