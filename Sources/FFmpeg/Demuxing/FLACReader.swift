import AudioTimeline
import NIOCore

/// FLAC as a file has it. Frames say nothing about their length: one ends where the next begins, which the checksums of
/// both confirm, so a frame is given when the first bytes of the next are there.
final class FLACReader: ContainerReader {
    private enum State {
        case beforeMarker
        case metadata
        case frames
    }

    private let window: InputWindow
    private var state = State.beforeMarker
    private var information: FLACStreamInformation?
    private var announced: FLACStreamInformation?
    /// Of the stream in hand, and whether any tags are in force.
    private var hasComment = false
    private var hasTags = false

    init(_ window: InputWindow) {
        self.window = window
    }

    func next() throws(FFmpegError) -> DemuxedItem? {
        while true {
            switch state {
            case .beforeMarker:
                if try window.skipTag() { continue }
                guard try window.fill(4) else { return nil }
                if window.starts(with: "fLaC") {
                    window.drop(4)
                    (information, state, hasComment) = (nil, .metadata, false)
                } else {
                    window.drop(window.firstIndex(of: UInt8(ascii: "f"), from: 1) ?? window.count)
                }
            case .metadata:
                guard try window.fill(4) else { return nil }
                if let item = try readMetadata() { return item }
            case .frames:
                guard try window.fill(1) else { return nil }
                if window.starts(with: "fLaC") {
                    state = .beforeMarker
                    continue
                }
                if let item = try readFrame() { return item }
            }
        }
    }

    private func readMetadata() throws(FFmpegError) -> DemuxedItem? {
        let kind = window[0] & 0x7F
        let length = Int(window.integer(at: 0, as: UInt32.self) & 0xFF_FFFF)
        let isLast = window[0] & 0x80 != 0
        window.drop(4)
        if isLast { state = .frames }
        switch kind {
        case 0 where length == FLACStreamInformation.length:
            guard try window.fill(length) else { return nil }
            information = FLACStreamInformation(window.bytes(0..<length))
            window.drop(length)
        case 4 where length <= VorbisComment.longest:
            guard try window.fill(length) else { return nil }
            return comment(window.take(length))
        case 4:
            var condenser = VorbisCommentCondenser(signatureLength: 0)
            try window.skip(length) { condenser.add($0) }
            return comment(condenser.output)
        default:
            try window.skip(length)
        }
        if isLast, information == nil {
            throw FFmpegError(.invalidData, "FLAC without STREAMINFO")
        }
        if isLast, hasTags, !hasComment {
            // The tags were those of the stream before.
            hasTags = false
            return .metadata([:])
        }
        return nil
    }

    private func comment(_ bytes: ByteBuffer) -> DemuxedItem {
        let tags = VorbisComment.tags(bytes)
        (hasComment, hasTags) = (true, !tags.isEmpty)
        return .metadata(tags)
    }

    private func readFrame() throws(FFmpegError) -> DemuxedItem? {
        _ = try window.fill(FLACHeader.longest)
        guard let header = FLACHeader(window.bytes(0..<min(FLACHeader.longest, window.count))) else {
            window.drop(window.firstSync(from: 1, mask: 0xFE, value: 0xF8))
            return nil
        }
        information?.adopt(header)
        if let information, announced != information {
            announced = information
            return .configuration(information.configuration)
        }
        let length = try frameLength(header)
        window.notePacket()
        return .packet(DemuxedPacket(payload: window.take(length)))
    }

    /// Looks for the beginning of the next frame.
    private func frameLength(_ header: FLACHeader) throws(FFmpegError) -> Int {
        var (offset, summed, sum) = (header.length, 0, UInt16(0))
        while true {
            // Near the end of the stream a header may be shorter.
            let isAtEnd = try !window.fill(offset + FLACHeader.longest)
            guard let candidate = window.firstBoundary(from: offset) else {
                // The last frame goes to the end.
                if isAtEnd { return window.count }
                offset = window.count - 1
                continue
            }
            offset = candidate
            _ = try window.fill(offset + FLACHeader.longest)
            let next = FLACHeader(window.bytes(offset..<min(offset + FLACHeader.longest, window.count)))
            if next != nil || window.starts(with: "fLaC", at: offset) {
                sum = window.withBytes(offset) { bytes in
                    Checksum.flacFrame(UnsafeRawBufferPointer(rebasing: bytes[summed...]), after: sum)
                }
                summed = offset
                // A damaged frame keeps its place if the next one carries the next number.
                if sum == 0 || next?.follows(header) ?? false { return offset }
            }
            offset += 1
        }
    }
}

extension InputWindow {
    /// The first offset where a frame or a new stream could begin.
    fileprivate func firstBoundary(from offset: Int) -> Int? {
        withBytes(count) { bytes in
            var index = offset
            while index + 1 < bytes.count {
                if bytes[index] == 0xFF && bytes[index + 1] & 0xFE == 0xF8 { return index }
                if bytes[index] == 0x66 && bytes[index + 1] == 0x4C { return index }
                index += 1
            }
            return nil
        }
    }
}
