import CFFmpeg

/// Copies samples, with values that are no number as 0 and all others at most ±`largestMagnitude`.
///
/// Works on the bit patterns, without branches, so that the compiler can use vectors: a NaN from a hostile stream would
/// otherwise spread through filters and end an encoder.
func copyFinite(
    from source: UnsafePointer<Float>, stride: Int = 1, to destination: UnsafeMutablePointer<Float>, count: Int
) {
    if stride == 1 {
        for index in 0..<count { destination[index] = finite(source[index]) }
    } else {
        for index in 0..<count { destination[index] = finite(source[index &* stride]) }
    }
}

/// The sample, or 0 for what is no number, at most ±`largestMagnitude`.
@inline(__always)
func finite(_ sample: Float) -> Float {
    let magnitude = sample.bitPattern & 0x7FFF_FFFF
    let isNumber: UInt32 = magnitude > 0x7F80_0000 ? 0 : ~0
    let limited = min(magnitude, 0x4180_0000)  // The bits of 16, `PCMBlock.largestMagnitude`.
    return Float(bitPattern: (limited | (sample.bitPattern & 0x8000_0000)) & isNumber)
}

extension Frame {
    /// The samples of a decoded frame as planar floats.
    ///
    /// - Throws: ``FFmpegError/Reason/unsupported`` for more than ``ChannelLayout/mostChannels`` or a sample format that
    ///   none of our decoders has.
    func planes() throws(FFmpegError) -> [[Float]] {
        let channelCount = Int(pointer.pointee.ch_layout.nb_channels)
        let frameCount = Int(pointer.pointee.nb_samples)
        guard (1...ChannelLayout.mostChannels).contains(channelCount) else {
            throw FFmpegError(.unsupported, "\(channelCount) channels; send at most \(ChannelLayout.mostChannels)")
        }
        let format = AVSampleFormat(pointer.pointee.format)
        let isPlanar = av_sample_fmt_is_planar(format) != 0
        guard let data = pointer.pointee.extended_data else { throw FFmpegError(.invalidData, "frame without samples") }
        var planes: [[Float]] = []
        planes.reserveCapacity(channelCount)
        for channel in 0..<channelCount {
            guard let plane = data[isPlanar ? channel : 0] else {
                throw FFmpegError(.invalidData, "frame without samples")
            }
            let first = isPlanar ? 0 : channel
            let stride = isPlanar ? 1 : channelCount
            switch av_get_packed_sample_fmt(format) {
            case AV_SAMPLE_FMT_FLT:
                planes.append(floats(plane, first, stride, frameCount))
            case AV_SAMPLE_FMT_S16:
                planes.append(integers(plane, Int16.self, first, stride, frameCount, scale: 1 / 32_768))
            case AV_SAMPLE_FMT_S32:
                planes.append(integers(plane, Int32.self, first, stride, frameCount, scale: 1 / 2_147_483_648))
            default:
                throw FFmpegError(.unsupported, "samples of format \(format.rawValue)")
            }
        }
        return planes
    }

    private func floats(_ plane: UnsafeMutablePointer<UInt8>, _ first: Int, _ stride: Int, _ count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { samples, initialized in
            initialized = count
            guard count > 0, let destination = samples.baseAddress else { return }
            let source = UnsafeRawPointer(plane).assumingMemoryBound(to: Float.self)
            copyFinite(from: source + first, stride: stride, to: destination, count: count)
        }
    }

    private func integers<Sample: FixedWidthInteger>(
        _ plane: UnsafeMutablePointer<UInt8>, _: Sample.Type, _ first: Int, _ stride: Int, _ count: Int, scale: Float
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { samples, initialized in
            let source = UnsafeRawPointer(plane).assumingMemoryBound(to: Sample.self) + first
            for index in 0..<count { samples[index] = Float(source[index &* stride]) * scale }
            initialized = count
        }
    }
}
