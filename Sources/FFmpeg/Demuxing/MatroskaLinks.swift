import NIOCore

/// Walks over the elements of Matroska (RFC 8794), so that a new header in mid-stream begins a new container: a browser's
/// recorder that was started again. Elements that hold no audio are left out, blocks of video among them.
final class MatroskaLinks: LinkSource {
    private let window: InputWindow
    private var output = ByteBuffer()
    private var passing = 0
    private var hasHeader = false
    private var tracks = MatroskaTracks()
    private(set) var hasNext = false
    let nextIsNew = true

    init(_ window: InputWindow) {
        self.window = window
    }

    func advance() {
        (hasHeader, hasNext) = (false, false)
        tracks = MatroskaTracks()
    }

    func read(atMost count: Int) throws(FFmpegError) -> ByteBuffer? {
        while true {
            if let bytes = output.readSlice(length: min(count, output.readableBytes)), bytes.readableBytes > 0 {
                return bytes
            }
            if passing > 0 {
                guard let bytes = try window.next(atMost: min(count, passing)) else { return nil }
                passing -= bytes.readableBytes
                return bytes
            }
            guard !hasNext, try window.fill(2) else { return nil }
            try takeElement()
        }
    }

    private func takeElement() throws(FFmpegError) {
        let identifierLength = window[0].leadingZeroBitCount + 1
        guard identifierLength <= 4, try window.fill(identifierLength + 1) else { throw Self.damaged }
        let identifier = window.bytes(0..<identifierLength).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let sizeLength = window[identifierLength].leadingZeroBitCount + 1
        guard sizeLength <= 8, try window.fill(identifierLength + sizeLength) else { throw Self.damaged }
        let coded = window.bytes(identifierLength..<(identifierLength + sizeLength))
        let size = coded.dropFirst().reduce(UInt64(coded[0]) & (0xFF >> UInt64(sizeLength))) { $0 << 8 | UInt64($1) }
        let isUnknown = size == (1 << UInt64(7 * sizeLength)) - 1
        let length = identifierLength + sizeLength

        if identifier == Self.header {
            guard !hasHeader else {
                hasNext = true
                return
            }
            hasHeader = true
        }
        switch identifier {
        case Self.segment, Self.cluster:
            // Their content follows as elements of its own, whatever size was announced: a live stream has none.
            output.writeBytes(window.bytes(0..<identifierLength) + Self.unknownSize)
            window.drop(length)
        case Self.cues, Self.attachments, Self.chapters, Self.seekHead, Self.void, Self.checksum:
            guard !isUnknown, size <= 64 << 20 else { throw Self.damaged }
            window.drop(length)
            try window.skip(Int(size))
        case Self.tracks where !isUnknown && size <= 1 << 20:
            let whole = length + Int(size)
            guard try window.fill(whole) else { throw Self.damaged }
            tracks = MatroskaTracks(window.bytes(length..<whole))
            output.writeBytes(window.bytes(0..<whole))
            window.drop(whole)
        case Self.simpleBlock where !isUnknown, Self.blockGroup where !isUnknown:
            guard size <= 64 << 20 else { throw Self.damaged }
            let isGroup = identifier == Self.blockGroup
            // Up to three numbers in front of a block's content.
            let looked = min(Int(size), 24)
            guard try window.fill(length + looked) else { throw Self.damaged }
            if tracks.areOthers(window.bytes(length..<(length + looked)), isGroup: isGroup) {
                window.drop(length)
                return try window.skip(Int(size))
            }
            output.writeBytes(window.bytes(0..<length))
            window.drop(length)
            passing = Int(size)
        default:
            guard !isUnknown, size <= 64 << 20 else { throw Self.damaged }
            output.writeBytes(window.bytes(0..<length))
            window.drop(length)
            passing = Int(size)
        }
    }

    private static let damaged = FFmpegError(.invalidData, "damaged Matroska or WebM")
    private static let unknownSize: [UInt8] = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
    private static let header: UInt32 = 0x1A45_DFA3
    private static let segment: UInt32 = 0x1853_8067
    private static let cluster: UInt32 = 0x1F43_B675
    private static let tracks: UInt32 = 0x1654_AE6B
    private static let simpleBlock: UInt32 = 0xA3
    private static let blockGroup: UInt32 = 0xA0
    private static let cues: UInt32 = 0x1C53_BB6B
    private static let attachments: UInt32 = 0x1941_A469
    private static let chapters: UInt32 = 0x1043_A770
    private static let seekHead: UInt32 = 0x114D_9B74
    private static let void: UInt32 = 0xEC
    private static let checksum: UInt32 = 0xBF
}
