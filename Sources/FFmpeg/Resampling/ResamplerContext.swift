import CFFmpeg

/// Owns an `SwrContext` that makes planar float at 48 kHz: one channel of one, two of more.
final class ResamplerContext {
    private let pointer: OpaquePointer
    private let inputChannels: Int

    init(from format: PCMFormat) throws(FFmpegError) {
        FFmpegLibrary.setLogLevelQuiet()
        inputChannels = format.layout.channelCount
        do {
            pointer = try Self.open(format.sampleRate, format.layout)
        } catch  where format.layout.speakers != 0 {
            // There are loudspeakers in the numbering that the mixer knows no place for.
            pointer = try Self.open(format.sampleRate, ChannelLayout(channelCount: inputChannels))
        }
    }

    deinit {
        var pointer: OpaquePointer? = pointer
        swr_free(&pointer)
    }

    private static func open(_ rate: Int, _ layout: ChannelLayout) throws(FFmpegError) -> OpaquePointer {
        var (input, output) = (AVChannelLayout(), AVChannelLayout())
        defer {
            av_channel_layout_uninit(&input)
            av_channel_layout_uninit(&output)
        }
        // A single channel is resampled once and copied, at unity gain; the mixer would take 3 dB off.
        cffmpeg_layout_set(&input, layout.channelCount == 1 ? 0 : layout.speakers, Int32(layout.channelCount))
        av_channel_layout_default(&output, layout.channelCount == 1 ? 1 : 2)
        var context: OpaquePointer?
        try check(
            swr_alloc_set_opts2(
                &context, &output, AV_SAMPLE_FMT_FLTP, Int32(StereoBlock.sampleRate),
                &input, AV_SAMPLE_FMT_FLTP, Int32(rate), 0, nil),
            "set up resampler")
        do {
            // For floats the mixer would only keep the sum below 2³¹.
            try check(
                av_opt_set_double(UnsafeMutableRawPointer(context), "rematrix_maxval", 1, 0), "set up down-mix")
            try check(swr_init(context), "open resampler for \(layout.channelCount) channels at \(rate) Hz")
        } catch {
            swr_free(&context)
            throw error
        }
        guard let context else { throw FFmpegError(.outOfMemory, "allocate resampler") }
        return context
    }

    /// Forgets all samples.
    func restart() throws(FFmpegError) {
        swr_close(pointer)
        try check(swr_init(pointer), "reopen resampler")
    }

    func convert(_ channels: [[Float]]) throws(FFmpegError) -> StereoBlock {
        let count = channels[0].count
        let capacity = try check(swr_get_out_samples(pointer, Int32(clamping: count)), "resample")
        // One copy gives all channels addresses at the same time.
        return try withUnsafeTemporaryAllocation(of: Float.self, capacity: count * channels.count) {
            (samples) throws(FFmpegError) in
            guard let base = samples.baseAddress else { return StereoBlock() }
            var planes: [UnsafePointer<UInt8>?] = []
            for (index, channel) in channels.enumerated() {
                let plane = base + index * count
                channel.withUnsafeBufferPointer { source in
                    if let source = source.baseAddress { plane.initialize(from: source, count: count) }
                }
                planes.append(UnsafePointer(bytes(of: plane)))
            }
            return try run(capacity: Int(capacity)) { output in
                swr_convert(pointer, output, capacity, &planes, Int32(count))
            }
        }
    }

    /// Gives the samples that the filter still looks ahead for, with the end mirrored behind it.
    func drain() throws(FFmpegError) -> StereoBlock {
        let capacity = try check(swr_get_out_samples(pointer, 0), "drain resampler") + 1024
        return try run(capacity: Int(capacity)) { output in
            swr_convert(pointer, output, capacity, nil, 0)
        }
    }

    private func run(
        capacity: Int, _ convert: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) -> Int32
    ) throws(FFmpegError) -> StereoBlock {
        var code: Int32 = 0
        var right: [Float] = []
        let left = [Float](unsafeUninitializedCapacity: capacity) { leftSamples, leftCount in
            right = [Float](unsafeUninitializedCapacity: inputChannels == 1 ? 0 : capacity) {
                rightSamples, rightCount in
                var planes = [leftSamples.baseAddress.map(bytes), rightSamples.baseAddress.map(bytes)]
                code = convert(&planes)
                leftCount = max(0, Int(code))
                rightCount = inputChannels == 1 ? 0 : leftCount
            }
        }
        try check(code, "resample")
        return StereoBlock(left: left, right: inputChannels == 1 ? left : right)
    }
}

/// The same memory as libswresample's signatures want it.
private func bytes(of samples: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(samples).assumingMemoryBound(to: UInt8.self)
}
