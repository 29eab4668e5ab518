import NIOCore

/// Puts the packets of one logical stream together from its pages.
struct OggPacketAssembler {
    private var partial = ByteBuffer()
    private var isPartial = false
    private var isTooLong = false
    private var lastSequence: UInt32?

    /// No packet of audio is longer; headers with pictures are, and are given empty.
    static let longest = 1 << 20

    /// The packets that end in `page`. Bytes of packets whose beginning or middle was lost are dropped.
    mutating func packets(in page: OggPage) -> [ByteBuffer] {
        if let lastSequence, page.sequence != lastSequence &+ 1 { drop() }
        lastSequence = page.sequence
        if !page.isContinued { drop() }
        var isHeadless = page.isContinued && !isPartial
        var packets: [ByteBuffer] = []
        var body = page.body
        var length = 0
        for (index, segment) in page.segments.enumerated() {
            length += Int(segment)
            let isEnd = segment < 255
            guard isEnd || index == page.segments.count - 1 else { continue }
            guard var piece = body.readSlice(length: length) else { return packets }
            length = 0
            if isHeadless {
                isHeadless = !isEnd
                continue
            }
            if isPartial {
                isTooLong = isTooLong || partial.readableBytes + piece.readableBytes > Self.longest
                if isTooLong { partial.clear() } else { partial.writeBuffer(&piece) }
                piece = partial
            }
            if isEnd {
                packets.append(piece)
                drop()
            } else {
                partial = piece
                isPartial = true
            }
        }
        return packets
    }

    private mutating func drop() {
        partial = ByteBuffer()
        (isPartial, isTooLong) = (false, false)
    }
}
