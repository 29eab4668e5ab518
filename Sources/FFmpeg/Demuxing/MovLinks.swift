import NIOCore

/// Walks over the boxes of a fragmented MP4 (ISO/IEC 14496-12), lets through what holds audio, and begins anew where a
/// second `moov` comes.
///
/// libavformat keeps an index of all it has read, for the length of the stream; so it also gets a new beginning, with the
/// same `moov`, after every ``fragmentsPerLink``.
final class MovLinks: LinkSource {
    private let window: InputWindow
    private var fileType: [UInt8] = []
    private var movie: [UInt8] = []
    private var output = ByteBuffer()
    private var passing = 0
    private var padding = 0
    private var fragmentCount = 0
    /// Where the next bytes lie in the file, and where in what libavformat gets of it.
    private var inputOffset = 0
    private var outputOffset = 0
    private var isOpen = false
    private(set) var hasNext = false
    private(set) var nextIsNew = false

    private static let fragmentsPerLink = 256
    private static let largestMovie = 4 << 20
    private static let largestTags = 64 << 10
    private static let largestFragment = 1 << 20
    private static let mostSamplesPerFragment = 100_000

    init(_ window: InputWindow) {
        self.window = window
    }

    func advance() {
        (hasNext, isOpen, fragmentCount, outputOffset) = (false, false, 0, 0)
        if !nextIsNew {
            write(fileType + movie)
            isOpen = true
        }
    }

    func read(atMost count: Int) throws(FFmpegError) -> ByteBuffer? {
        while true {
            if let bytes = output.readSlice(length: min(count, output.readableBytes)), bytes.readableBytes > 0 {
                return bytes
            }
            if passing > 0 {
                guard let bytes = try window.next(atMost: min(count, passing)) else { return nil }
                passing -= bytes.readableBytes
                // Where the audio lies in it only libavformat knows; the rest is video, which may be as much as it likes.
                try window.excuse(bytes.readableBytes)
                return bytes
            }
            if padding > 0 {
                let zeros = min(count, padding, 4096)
                padding -= zeros
                return ByteBuffer(repeating: 0, count: zeros)
            }
            guard !hasNext, try window.fill(8) else { return nil }
            try takeBox()
        }
    }

    private func takeBox() throws(FFmpegError) {
        var size = Int(window.integer(at: 0, as: UInt32.self))
        var headerLength = 8
        if size == 1 {
            guard try window.fill(16) else { throw Self.damaged }
            size = Int(clamping: window.integer(at: 8, as: UInt64.self))
            headerLength = 16
        } else if size == 0 {
            size = .max
        }
        guard size >= headerLength else { throw Self.damaged }
        switch window.bytes(4..<8) {
        case Array("ftyp".utf8):
            guard size <= 4096, try window.fill(size) else { throw Self.damaged }
            inputOffset = 0
            fileType = take(size)
        case Array("moov".utf8):
            guard !isOpen else {
                (hasNext, nextIsNew) = (true, true)
                return
            }
            try takeMovie(size, headerLength)
            isOpen = true
        case Array("moof".utf8):
            guard isOpen else { throw Self.noMovie }
            guard fragmentCount < Self.fragmentsPerLink else {
                (hasNext, nextIsNew) = (true, false)
                return
            }
            guard size <= Self.largestFragment, try window.fill(size) else { throw Self.damaged }
            fragmentCount += 1
            var fragment = MovFragment(window.bytes(0..<size), headerLength: headerLength)
            guard fragment.sampleCount <= Self.mostSamplesPerFragment else {
                throw FFmpegError(.limitExceeded, "MP4 fragment with too many samples")
            }
            fragment.move(by: outputOffset &- inputOffset)
            _ = take(size)
            write(fragment.bytes)
        case Array("mdat".utf8), Array("free".utf8), Array("skip".utf8), Array("wide".utf8):
            guard isOpen || window[4] != UInt8(ascii: "m") else { throw Self.noMovie }
            try pass(size, headerLength)
        case let kind where kind.allSatisfy({ (0x20..<0x7F).contains($0) }):
            // Indices, events and pictures; nothing that fragments need.
            inputOffset &+= size
            window.drop(headerLength)
            try leaveOut(size - headerLength)
        default:
            throw Self.damaged
        }
    }

    /// Lets a box through; before the `moov`, where nothing is open yet, it goes the way of the others.
    private func pass(_ size: Int, _ headerLength: Int) throws(FFmpegError) {
        guard isOpen else {
            inputOffset &+= size
            window.drop(headerLength)
            return try leaveOut(size - headerLength)
        }
        write(take(headerLength))
        passing = size - headerLength
        inputOffset &+= passing
        outputOffset &+= passing
    }

    /// Before the movie is known, nothing tells that the bytes are what a container has.
    private func leaveOut(_ count: Int) throws(FFmpegError) {
        if isOpen { try window.skip(count) } else { try window.pass(count) }
    }

    /// The movie without its pictures, which may be longer than all else. Bytes that say nothing take their place, since the
    /// tables of a movie that is not fragmented count from the beginning of the file.
    private func takeMovie(_ size: Int, _ headerLength: Int) throws(FFmpegError) {
        inputOffset &+= size
        window.drop(headerLength)
        var content: [UInt8] = []
        var left = size - headerLength
        while left >= 8 {
            guard try window.fill(8) else { throw Self.damaged }
            let length = Int(window.integer(at: 0, as: UInt32.self))
            guard length >= 8, length <= left else { throw Self.damaged }
            left -= length
            if length > Self.largestTags, [Array("udta".utf8), Array("meta".utf8)].contains(window.bytes(4..<8)) {
                try window.skip(length)
                continue
            }
            guard content.count + length <= Self.largestMovie, try window.fill(length) else { throw Self.damaged }
            content += window.bytes(0..<length)
            window.drop(length)
        }
        guard left == 0 else { throw Self.damaged }
        movie = Self.header("moov", 8 + content.count) + content
        write(fileType + movie)
        let missing = size - movie.count
        guard missing > 0 else { return }
        write(Self.header("free", missing))
        padding = missing - 8
        outputOffset &+= padding
    }

    private static func header(_ kind: String, _ size: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) } + kind.utf8
    }

    private func take(_ count: Int) -> [UInt8] {
        let bytes = window.bytes(0..<count)
        window.drop(count)
        inputOffset &+= count
        return bytes
    }

    private func write(_ bytes: [UInt8]) {
        output.writeBytes(bytes)
        outputOffset &+= bytes.count
    }

    private static let damaged = FFmpegError(.invalidData, "damaged MP4")
    private static let noMovie = FFmpegError(
        .unsupported, "MP4 with its index at the end; push fragments (ffmpeg: -movflags empty_moov+frag_keyframe)")
}
