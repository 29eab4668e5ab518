import CFFmpeg

extension EncoderFormat {
    var encoderName: String {
        switch self {
        case .aac: "aac"
        case .opus: "libopus"
        case .flac: "flac"
        }
    }

    var sampleFormat: EncoderSampleFormat {
        switch self {
        case .aac: .planarFloat
        case .opus: .interleavedFloat
        case .flac: .interleaved24
        }
    }

    /// The set-up for listeners' decoders from what the encoder left behind.
    func setup(from extradata: [UInt8]) throws(FFmpegError) -> [UInt8] {
        let shortest =
            switch self {
            case .aac: 2
            case .opus: 19
            case .flac: 34
            }
        guard extradata.count >= shortest else {
            throw FFmpegError(.unsupported, "\(encoderName) gives no set-up")
        }
        switch self {
        case .aac: return extradata
        case .opus:
            // The delay is taken off before anyone sees it; a pre-skip would take it off again.
            var head = extradata
            (head[10], head[11]) = (0, 0)
            return head
        case .flac: return Array(extradata.prefix(34))
        }
    }
}

extension CodecContext {
    func configure(for format: EncoderFormat) throws(FFmpegError) {
        pointer.pointee.sample_rate = Int32(StereoBlock.sampleRate)
        pointer.pointee.time_base = AVRational(num: 1, den: Int32(StereoBlock.sampleRate))
        pointer.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        pointer.pointee.sample_fmt = format.sampleFormat.libraryFormat
        av_channel_layout_default(&pointer.pointee.ch_layout, 2)
        switch format {
        case .aac(let bitsPerSecond, let coder):
            pointer.pointee.bit_rate = Int64(bitsPerSecond)
            try setOption("aac_coder", coder.rawValue)
        case .opus(let bitsPerSecond):
            pointer.pointee.bit_rate = Int64(bitsPerSecond)
            try setOption("application", "audio")
            try setOption("frame_duration", "20")
            try setOption("vbr", "constrained")
        case .flac:
            pointer.pointee.bits_per_raw_sample = 24
            pointer.pointee.frame_size = Int32(format.frameSize)
        }
    }
}
