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
    private var fragmentCount = 0
    /// Where the next bytes lie in the file, and where in what libavformat gets of it.
    private var inputOffset = 0
    private var outputOffset = 0
    private var isOpen = false
    private(set) var hasNext = false
    private(set) var nextIsNew = false

    private static let fragmentsPerLink = 256
    private static let largestMovie = 4 << 20
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
                return bytes
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
            guard size <= Self.largestMovie, try window.fill(size) else { throw Self.damaged }
            movie = take(size)
            write(fileType + movie)
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
            try window.pass(size - headerLength)
        default:
            throw Self.damaged
        }
    }

    /// Lets a box through; before the `moov`, where nothing is open yet, it goes the way of the others.
    private func pass(_ size: Int, _ headerLength: Int) throws(FFmpegError) {
        guard isOpen else {
            inputOffset &+= size
            window.drop(headerLength)
            return try window.pass(size - headerLength)
        }
        write(take(headerLength))
        passing = size - headerLength
        inputOffset &+= passing
        outputOffset &+= passing
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
