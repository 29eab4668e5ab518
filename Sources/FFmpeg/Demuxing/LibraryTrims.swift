import AudioTimeline
import CFFmpeg
import NIOCore

/// What libavformat says of samples that nobody is to hear, as trims of single packets.
///
/// Matroska: `CodecDelay` at the beginning, `DiscardPadding` of a block. MP4: edit lists. At a beginning one number may
/// reach over several packets.
struct LibraryTrims {
    private var counter: PacketCounter?
    private var codec = AudioCodec.aac
    /// What the codec counts in for each sample that the container counts in: HE-AAC's core has half of them.
    private var rates = (codec: Int64(1), container: Int64(1))
    private var startLeft: Int64 = 0
    private var isContinued = false

    /// The container was taken apart as far as it goes; one that begins anew only for libavformat has the same edit list
    /// again, which is no longer meant.
    mutating func linkEnded(nextIsNew: Bool) {
        isContinued = !nextIsNew
    }

    mutating func began(
        _ configuration: CodecConfiguration, _ parameters: UnsafeMutablePointer<AVCodecParameters>,
        _ format: ContainerFormat
    ) {
        counter = PacketCounter(configuration)
        codec = configuration.codec
        let rate = Int64(parameters.pointee.sample_rate)
        rates = (Int64(configuration.sampleRate), rate > 0 ? rate : Int64(configuration.sampleRate))
        // Opus' is its pre-skip, which the configuration has.
        startLeft = format == .matroska && codec != .opus ? scaled(Int64(parameters.pointee.initial_padding)) : 0
    }

    /// - Parameter payload: without the container's framing.
    mutating func trim(of payload: ByteBuffer, _ packet: UnsafeMutablePointer<AVPacket>) -> PacketTrim {
        let length = Int64(counter?.length(of: payload) ?? 0)
        let marks = Self.marks(packet)
        var trim = PacketTrim(start: 0, end: scaled(marks.end))
        guard codec != .opus, !isContinued else { return trim }
        startLeft = max(startLeft, scaled(marks.start))
        trim.start = Int32(clamping: min(startLeft, length))
        startLeft -= min(startLeft, length)
        return trim
    }

    private func scaled(_ samples: Int64) -> Int64 {
        max(0, min(samples, Int64(Int32.max))) * rates.codec / rates.container
    }

    /// Side data of 10 bytes: two 32-bit counts, little-endian.
    private static func marks(_ packet: UnsafeMutablePointer<AVPacket>) -> (start: Int64, end: Int64) {
        var size = 0
        guard let data = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, &size), size >= 8 else {
            return (0, 0)
        }
        let bytes = ByteBuffer(bytes: UnsafeBufferPointer(start: data, count: 8))
        // A negative padding of Matroska asks for samples that there are not.
        let counts = (0..<2).map { bytes.getInteger(at: $0 * 4, endianness: .little, as: Int32.self) ?? 0 }
        return (Int64(max(0, counts[0])), Int64(max(0, counts[1])))
    }
}
