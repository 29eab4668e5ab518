import AudioTimeline
import NIOCore

/// Tags as Vorbis, Opus and FLAC have them (Vorbis I §5).
enum VorbisComment {
    /// What is held of a header; longer ones have pictures, and are shortened as they come.
    static let longest = 256 << 10

    private static let mostTags = 64
    private static let longestValue = 1024

    /// The tags of a header behind its signature, keys in lower case. Several values of one key are joined by `; `.
    /// Pictures are left out, long values cut; a damaged header gives what came before the damage.
    static func tags(_ header: ByteBuffer) -> [String: String] {
        var header = header
        var tags: [String: String] = [:]
        guard let vendorLength = header.readInteger(endianness: .little, as: UInt32.self),
            header.readSlice(length: Int(vendorLength)) != nil,
            let count = header.readInteger(endianness: .little, as: UInt32.self)
        else { return tags }
        for _ in 0..<min(count, 1_000) {
            guard let length = header.readInteger(endianness: .little, as: UInt32.self),
                var comment = header.readSlice(length: Int(length))
            else { return tags }
            guard let equals = comment.readableBytesView.prefix(64).firstIndex(of: UInt8(ascii: "=")),
                let key = comment.readString(length: equals - comment.readerIndex)?.lowercased(), !key.isEmpty
            else { continue }
            comment.moveReaderIndex(forwardBy: 1)
            guard !["metadata_block_picture", "coverart", "coverartmime"].contains(key) else { continue }
            let value = String(undeclared: comment.readableBytesView, maximumBytes: longestValue)
            if let earlier = tags[key] {
                if earlier.utf8.count < longestValue { tags[key] = earlier + "; " + value }
            } else if tags.count < mostTags {
                tags[key] = value
            }
        }
        return tags
    }
}

extension VorbisComment {
    /// The tags of a header that begins with `signature`; none if it does not.
    static func tags(_ packet: ByteBuffer, behind signature: String) -> [String: String] {
        var packet = packet
        guard packet.readString(length: signature.utf8.count) == signature else { return [:] }
        return tags(packet)
    }
}
