import AudioTimeline
import NIOCore

/// The headers of Vorbis in Xiph lacing, as decoders want them, with an empty comment: pictures in it would otherwise
/// travel with every batch.
struct VorbisSetup {
    let bytes: [UInt8]
    let configuration: CodecConfiguration

    /// - Parameter identification: at least 30 bytes (Vorbis I §4.2.2).
    init(identification: ByteBuffer, setup: ByteBuffer) {
        let comment = [3] + Array("vorbis".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 1]
        let head = Array(identification.readableBytesView)
        var bytes: [UInt8] = [2]
        for length in [head.count, comment.count] {
            bytes += [UInt8](repeating: 255, count: length / 255) + [UInt8(length % 255)]
        }
        bytes += head + comment + setup.readableBytesView
        self.bytes = bytes
        let rate = identification.getInteger(at: identification.readerIndex + 12, endianness: .little, as: UInt32.self)
        configuration = CodecConfiguration(
            codec: .vorbis, sampleRate: Int(rate ?? 0), channels: Int(head[11]), setup: bytes)
    }
}
