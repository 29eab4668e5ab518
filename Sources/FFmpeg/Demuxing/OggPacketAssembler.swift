import NIOCore

/// Puts the packets of one logical stream together from its pages.
struct OggPacketAssembler {
    private var partial = ByteBuffer()
    private var condenser: VorbisCommentCondenser?
    private var isPartial = false
    private var isTooLong = false
    private var lastSequence: UInt32?

    /// No packet of audio is longer; blocks of pictures are, and are given empty.
    static let longest = 1 << 20

    /// The packets that end in `page`. Bytes of packets whose beginning or middle was lost are dropped.
    ///
    /// - Parameter commentStart: where in a packet comments begin, if it has some: pictures in them are left out.
    mutating func packets(
        in page: OggPage, commentStart: (ByteBuffer) -> Int? = { _ in nil }
    ) -> [ByteBuffer] {
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
            guard let piece = body.readSlice(length: length) else { return packets }
            length = 0
            if isHeadless {
                isHeadless = !isEnd
                continue
            }
            if !isPartial, !isEnd {
                condenser = commentStart(piece).map { VorbisCommentCondenser(signatureLength: $0) }
            }
            let whole = join(piece)
            if isEnd {
                packets.append(whole)
                drop()
            } else {
                isPartial = true
            }
        }
        return packets
    }

    /// - Returns: what there is of the packet.
    private mutating func join(_ piece: ByteBuffer) -> ByteBuffer {
        if condenser != nil {
            condenser?.add(piece)
            return condenser?.output ?? ByteBuffer()
        }
        guard isPartial else {
            partial = piece
            return piece
        }
        isTooLong = isTooLong || partial.readableBytes + piece.readableBytes > Self.longest
        if isTooLong { partial.clear() } else { partial.writeImmutableBuffer(piece) }
        return partial
    }

    private mutating func drop() {
        partial = ByteBuffer()
        condenser = nil
        (isPartial, isTooLong) = (false, false)
    }
}
