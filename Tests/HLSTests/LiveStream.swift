import HLS
import NIOCore

/// A stream as an origin sees it: a part a slot, ten a segment, a window of 60 s; one rendition.
struct LiveStream {
    static let targetDurationSeconds = 2
    static let partTarget = 9216
    static let segmentParts = 10

    var playlist: MediaPlaylist
    var epoch = 1
    var windowSamples = 60 * 48_000
    private var date: Int64 = 1_777_639_696_789

    /// What has left the window, for reports.
    private(set) var removedCount = 0

    init(isLowLatency: Bool = true, firstNumber: Int = 100) {
        playlist = MediaPlaylist(
            targetDurationSeconds: Self.targetDurationSeconds,
            serverControl: .live(
                targetDurationSeconds: Self.targetDurationSeconds,
                partHoldBackSamples: isLowLatency ? 3 * Self.partTarget : nil
            ),
            partTargetSamples: isLowLatency ? Self.partTarget : nil,
            mediaSequence: firstNumber
        )
        open(isDiscontinuity: false)
    }

    var openNumber: Int { playlist.lastSegmentNumber + 1 }

    private mutating func open(isDiscontinuity: Bool) {
        playlist.openSegment = OpenSegment(
            dateMilliseconds: date,
            isDiscontinuity: isDiscontinuity,
            map: "init-\(epoch).mp4"
        )
        hint()
    }

    private mutating func hint() {
        let index = playlist.openSegment?.parts.count ?? 0
        playlist.preloadHintPart = "\(epoch)-\(openNumber).\(index).m4s"
    }

    /// The next slot; with the last of a segment the segment is listed too.
    mutating func addPart(samples: Int = Self.partTarget) {
        let index = playlist.openSegment?.parts.count ?? 0
        let uri = "\(epoch)-\(openNumber).\(index).m4s"
        playlist.openSegment?.parts.append(Part(uri: uri, durationSamples: samples))
        if index + 1 == Self.segmentParts { close(isDiscontinuity: false) } else { hint() }
    }

    /// Ends the open segment; the next one begins a new epoch if `isDiscontinuity`.
    mutating func close(isDiscontinuity: Bool) {
        if let open = playlist.openSegment, !open.parts.isEmpty {
            let segment = open.closed(uri: "\(epoch)-\(openNumber).m4s")
            date += Int64(segment.durationSamples / 48)
            playlist.segments.append(segment)
        }
        while playlist.segmentDurationSamples > windowSamples, playlist.removeFirstSegment() { removedCount += 1 }
        if isDiscontinuity { epoch += 1 }
        open(isDiscontinuity: isDiscontinuity)
    }

    mutating func addSegments(_ count: Int) {
        for _ in 0..<count * Self.segmentParts { addPart() }
    }

    mutating func end() {
        close(isDiscontinuity: false)
        playlist.openSegment = nil
        playlist.preloadHintPart = nil
        playlist.isEnded = true
    }

    var position: BlockingReload.Position {
        BlockingReload.Position(
            openSegment: openNumber,
            openPartCount: playlist.openSegment?.parts.count ?? 0,
            lastSegmentPartCount: playlist.segments.last?.parts.count ?? 0,
            isEnded: playlist.isEnded
        )
    }
}

extension MediaPlaylist {
    var text: String {
        var buffer = ByteBuffer()
        write(into: &buffer)
        return String(buffer: buffer)
    }

    var lines: [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Written and read again.
    func reread() throws -> MediaPlaylist {
        try MediaPlaylist(parsing: ByteBuffer(string: text))
    }

    /// The same without the parts that are not listed any more.
    var withListedParts: MediaPlaylist {
        var playlist = self
        for index in 0..<firstIndexWithParts { playlist.segments[index].parts = [] }
        if playlist.openSegment?.parts.isEmpty == true { playlist.openSegment = nil }
        return playlist
    }
}
