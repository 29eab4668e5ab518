import CFFmpeg

/// How an encoder wants its samples.
enum EncoderSampleFormat {
    case planarFloat
    case interleavedFloat
    /// 24 bit, in the upper bits of 32.
    case interleaved24

    var libraryFormat: AVSampleFormat {
        switch self {
        case .planarFloat: AV_SAMPLE_FMT_FLTP
        case .interleavedFloat: AV_SAMPLE_FMT_FLT
        case .interleaved24: AV_SAMPLE_FMT_S32
        }
    }
}

extension Frame {
    func allocate(_ format: EncoderSampleFormat, capacity: Int) throws(FFmpegError) {
        pointer.pointee.format = format.libraryFormat.rawValue
        pointer.pointee.nb_samples = Int32(capacity)
        pointer.pointee.sample_rate = Int32(StereoBlock.sampleRate)
        av_channel_layout_default(&pointer.pointee.ch_layout, 2)
        try check(av_frame_get_buffer(pointer, 0), "allocate samples")
    }

    /// Gets memory of its own when the encoder still holds the frame's.
    func makeWritable() throws(FFmpegError) {
        try check(av_frame_make_writable(pointer), "allocate samples")
    }

    func silence(_ format: EncoderSampleFormat, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        av_samples_set_silence(
            pointer.pointee.extended_data, Int32(range.lowerBound), Int32(range.count), 2, format.libraryFormat)
    }

    func write(
        _ format: EncoderSampleFormat, left: borrowing Span<Float>, right: borrowing Span<Float>, from offset: Int,
        at position: Int, count: Int
    ) {
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return }
                write(format, left + offset, right + offset, at: position, count)
            }
        }
    }

    private func write(
        _ format: EncoderSampleFormat, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, at position: Int,
        _ count: Int
    ) {
        guard let data = pointer.pointee.extended_data, let first = data[0] else { return }
        let plane = UnsafeMutableRawPointer(first)
        switch format {
        case .planarFloat:
            guard let second = data[1] else { return }
            copyFinite(from: left, to: plane.assumingMemoryBound(to: Float.self) + position, count: count)
            let other = UnsafeMutableRawPointer(second).assumingMemoryBound(to: Float.self)
            copyFinite(from: right, to: other + position, count: count)
        case .interleavedFloat:
            let samples = plane.assumingMemoryBound(to: Float.self) + 2 * position
            for index in 0..<count {
                samples[2 &* index] = finite(left[index])
                samples[2 &* index &+ 1] = finite(right[index])
            }
        case .interleaved24:
            let samples = plane.assumingMemoryBound(to: Int32.self) + 2 * position
            for index in 0..<count {
                samples[2 &* index] = integer24(left[index])
                samples[2 &* index &+ 1] = integer24(right[index])
            }
        }
    }
}

/// A sample as 24 bit, rounded to the nearest and clipped, in the upper bits.
@inline(__always)
private func integer24(_ sample: Float) -> Int32 {
    let scaled = finite(sample) * 8_388_608
    return Int32(min(max(scaled, -8_388_608), 8_388_607).rounded(.toNearestOrEven)) << 8
}
