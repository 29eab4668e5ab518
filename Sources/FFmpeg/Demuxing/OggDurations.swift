import CFFmpeg
import NIOCore

/// How many samples the packets of an Ogg stream have, to place them before the position of their page.
enum OggDurations {
    case frames
    case opus
    case vorbis(VorbisDurations)

    func samples(in packet: ByteBuffer) -> Int {
        switch self {
        case .frames:
            let bytes = packet.getBytes(at: packet.readerIndex, length: min(FLACHeader.longest, packet.readableBytes))
            return FLACHeader(bytes ?? [])?.blockSize ?? 0
        case .opus:
            return Self.opusSamples(in: packet)
        case .vorbis(let durations):
            return durations.samples(in: packet)
        }
    }

    /// From the first two bytes (RFC 6716 §3.1); 0 for what is not legal.
    private static func opusSamples(in packet: ByteBuffer) -> Int {
        guard let first = packet.getInteger(at: packet.readerIndex, as: UInt8.self) else { return 0 }
        let configuration = Int(first >> 3)
        let frame =
            switch configuration {
            case 0..<12: [480, 960, 1_920, 2_880][configuration % 4]
            case 12..<16: [480, 960][configuration % 2]
            default: [120, 240, 480, 960][configuration % 4]
            }
        let count: Int
        switch first & 3 {
        case 0: count = 1
        case 1, 2: count = 2
        default: count = Int(packet.getInteger(at: packet.readerIndex + 1, as: UInt8.self) ?? 0) & 0x3F
        }
        return frame * count <= 5_760 ? frame * count : 0
    }
}

/// Vorbis' block lengths, which only its set-up header tells.
final class VorbisDurations {
    private let context: OpaquePointer
    private var isFirst = true

    /// - Parameter setup: the three headers in Xiph lacing.
    init(_ setup: [UInt8]) throws(FFmpegError) {
        guard let context = av_vorbis_parse_init(setup, Int32(clamping: setup.count)) else {
            throw FFmpegError(.invalidData, "damaged headers of Vorbis")
        }
        self.context = context
    }

    deinit {
        var context: OpaquePointer? = context
        av_vorbis_parse_free(&context)
    }

    func samples(in packet: ByteBuffer) -> Int {
        var flags: Int32 = 0
        let samples = packet.withUnsafeReadableBytes { bytes in
            guard let base = bytes.baseAddress, bytes.count > 0 else { return 0 }
            let start = base.assumingMemoryBound(to: UInt8.self)
            return max(0, Int(av_vorbis_parse_frame_flags(context, start, Int32(clamping: bytes.count), &flags)))
        }
        // The first block only overlaps with the second.
        defer { isFirst = false }
        return isFirst ? 0 : samples
    }
}
