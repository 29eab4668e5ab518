import AudioTimeline
import HLS
import NIOCore
import SegmentStore
import Testing

@testable import Origin

struct LiveWindowTests {
    /// The playlist as a player reads it.
    private func read(_ window: LiveWindow, rendition: Int = 0, isLowLatency: Bool = true) throws -> MediaPlaylist {
        var text = ByteBuffer()
        window.playlist(rendition: rendition, isLowLatency: isLowLatency).write(into: &text)
        guard case .media(let playlist) = try Playlist.parse(text) else {
            throw PlaylistError.unreadable("not a media playlist")
        }
        return playlist
    }

    /// Segments that end more than 60 s before the newest slot leave, with their numbers counted on.
    @Test func windowIsSixtySeconds() throws {
        var window = LiveWindow()
        var maker = BundleMaker()
        var removed: [UInt64] = []
        for bundle in maker.next(405) { removed += window.add(bundle).map(\.mediaSequence) }
        // 405 slots are 3,732,480 samples; 60 s are 2,880,000.
        #expect(removed == (0..<9).map { UInt64($0) })
        let end = 405 * Timeline.slotSamples
        let oldest = try #require(window.segments.first)
        #expect(end - Int64(oldest.mediaSequence + 1) * Timeline.segmentSamples <= LiveWindow.length)
        let playlist = try read(window)
        #expect(playlist.mediaSequence == 9)
        #expect(playlist.segments.count == 31)
        #expect(playlist.segments.first?.uri == "1-9.m4s")
        #expect(playlist.segments.allSatisfy { $0.durationSamples == 92_160 && $0.map == "init-1.mp4" })
        #expect(playlist.openSegment?.parts.map(\.uri) == (0..<5).map { "1-40.\($0).m4s" })
        #expect(playlist.preloadHintPart == "1-40.5.m4s")
        #expect(playlist.renditionReports.map(\.uri) == ["../opus-96/live.m3u8"])
        #expect(playlist.serverControl?.partHoldBackSamples == 28_800)
    }

    /// A whole segment is its parts byte for byte, all in one buffer: neither keeps the log's own alive.
    @Test func wholeSegmentsHaveTheirBytesOnce() throws {
        func place(_ bytes: ByteBuffer) -> Int { bytes.withUnsafeReadableBytes { Int(bitPattern: $0.baseAddress) } }
        func end(_ bytes: ByteBuffer) -> Int { place(bytes) + bytes.readableBytes }
        var window = LiveWindow()
        var maker = BundleMaker()
        let bundles = maker.next(14)
        for bundle in bundles { _ = window.add(bundle) }
        let (whole, open) = (window.segments[0], window.segments[1])
        #expect(whole.isWhole && !open.isWhole)
        #expect(end(whole.bytes(rendition: 0)) == place(whole.bytes(rendition: 1)))
        for rendition in window.setups.indices {
            var joined = ByteBuffer()
            for bundle in bundles[..<10] { joined.writeImmutableBuffer(bundle.parts[rendition].bytes) }
            #expect(whole.bytes(rendition: rendition) == joined)
            #expect(whole.bundles.map { $0.parts[rendition].bytes } == bundles[..<10].map { $0.parts[rendition].bytes })
            #expect(place(whole.bundles[0].parts[rendition].bytes) == place(whole.bytes(rendition: rendition)))
            for (part, next) in zip(whole.bundles, whole.bundles.dropFirst()) {
                #expect(end(part.parts[rendition].bytes) == place(next.parts[rendition].bytes))
            }
            #expect(open.bundles.map { $0.parts[rendition].bytes } == bundles[10...].map { $0.parts[rendition].bytes })
        }
    }

    /// The window is a function of the log alone: an origin that came late lists what the others list.
    @Test func lateOriginsAgree() throws {
        var maker = BundleMaker()
        let bundles = maker.next(600)
        var early = LiveWindow()
        for bundle in bundles { _ = early.add(bundle) }
        for start in [13, 100, 250] {
            var late = LiveWindow()
            for bundle in bundles[start...] { _ = late.add(bundle) }
            #expect(try read(late) == read(early))
            #expect(late.hint == early.hint)
        }
    }

    /// Parts of all renditions are within their target, and the last part of each segment too.
    @Test(arguments: [0, 1]) func partsAreWithinTheirTarget(rendition: Int) throws {
        var window = LiveWindow()
        var maker = BundleMaker()
        for bundle in maker.next(60) { _ = window.add(bundle) }
        let playlist = try read(window, rendition: rendition)
        #expect(playlist.partTargetSamples == (rendition == 0 ? 9_216 : 9_600))
        for segment in playlist.segments {
            #expect(segment.parts.allSatisfy { $0.durationSamples <= playlist.partTargetSamples ?? 0 })
            if !segment.parts.isEmpty {
                #expect(segment.parts.reduce(0) { $0 + $1.durationSamples } == segment.durationSamples)
            }
        }
    }

    @Test func standardLatencyListsNoParts() throws {
        var window = LiveWindow()
        var maker = BundleMaker()
        for bundle in maker.next(25) { _ = window.add(bundle) }
        let playlist = try read(window, isLowLatency: false)
        #expect(playlist.segments.count == 2)
        #expect(playlist.segments.allSatisfy { $0.parts.isEmpty } || playlist.partTargetSamples == nil)
        #expect(playlist.preloadHintPart == nil && playlist.openSegment == nil)
        #expect(playlist.serverControl?.partHoldBackSamples == nil)
    }

    /// Across epochs media sequence numbers go on, the discontinuity is tagged, and counted once its segment has left.
    @Test func epochsAreDiscontinuities() throws {
        var window = LiveWindow()
        var first = BundleMaker()
        for bundle in first.next(23) { _ = window.add(bundle) }
        _ = window.add(first.next(isLast: true))
        var second = first.nextEpoch()
        for bundle in second.next(30) { _ = window.add(bundle) }
        var playlist = try read(window)
        #expect(playlist.segments.map(\.uri) == ["1-0.m4s", "1-1.m4s", "1-2.m4s", "2-3.m4s", "2-4.m4s", "2-5.m4s"])
        #expect(playlist.segments.map(\.isDiscontinuity) == [false, false, false, true, false, false])
        #expect(playlist.segments[2].durationSamples == 4 * 9216)
        #expect(playlist.segments[3].map == "init-2.mp4")
        #expect(playlist.discontinuitySequence == 0)
        for bundle in second.next(285) { _ = window.add(bundle) }
        playlist = try read(window)
        #expect(playlist.mediaSequence == 3 && playlist.segments[0].isDiscontinuity)
        #expect(playlist.discontinuitySequence == 0)
        for bundle in second.next(20) { _ = window.add(bundle) }
        playlist = try read(window)
        #expect(!playlist.segments[0].isDiscontinuity)
        #expect(playlist.discontinuitySequence == 1)
        #expect(window.initializations.keys.sorted() == [2])
    }

    /// A segment that nobody closed stays as short as it is, so that no number is missing.
    @Test func abandonedSegmentStays() throws {
        var window = LiveWindow()
        var first = BundleMaker()
        for bundle in first.next(14) { _ = window.add(bundle) }
        var second = first.nextEpoch()
        for bundle in second.next(10) { _ = window.add(bundle) }
        let playlist = try read(window)
        #expect(playlist.segments.map(\.uri) == ["1-0.m4s", "1-1.m4s", "2-2.m4s"])
        #expect(playlist.segments[1].durationSamples == 4 * 9216)
        #expect(playlist.segments[2].isDiscontinuity)
    }

    @Test func endIsListed() throws {
        var window = LiveWindow()
        var maker = BundleMaker()
        for bundle in maker.next(20) { _ = window.add(bundle) }
        window.end()
        let playlist = try read(window)
        #expect(playlist.isEnded)
        #expect(playlist.preloadHintPart == nil)
        #expect(window.hint == nil)
    }

    /// What does not fit is left out: repeated parts, holes, segments without a beginning, wrong numbers of renditions.
    @Test func whatDoesNotFitIsLeftOut() {
        var window = LiveWindow()
        var maker = BundleMaker()
        let bundles = maker.next(20)
        _ = window.add(bundles[3])
        #expect(window.segments.isEmpty)
        _ = window.add(bundles[0])
        _ = window.add(bundles[0])
        _ = window.add(bundles[2])
        #expect(window.segments.map(\.bundles.count) == [1])
        var poor = bundles[1]
        poor.parts.removeLast()
        _ = window.add(poor)
        #expect(window.segments.map(\.bundles.count) == [1])
    }
}

/// The window where the log begins later than 60 s ago: a broker that forgot, a process that was started again.
struct RecalledWindowTests {
    private func index(segments: UInt64, lastSamples: Int64 = Timeline.segmentSamples) -> RecordingIndex {
        var index = RecordingIndex(
            stream: "s",
            renditions: [
                .init(name: "aac-64", codecs: "mp4a.40.2", peakBitRate: 100_000, averageBitRate: 90_000),
                .init(name: "opus-96", codecs: "opus", peakBitRate: 100_000, averageBitRate: 90_000),
            ])
        index.epochs = [
            .init(
                number: 1, firstMediaSequence: 0, discontinuitySequence: 0, segmentCount: segments,
                lastSegmentSamples: lastSamples,
                dates: [.init(segment: 0, dateMicroseconds: 1_700_000_000_000_000)])
        ]
        return index
    }

    private func recalled(_ index: RecordingIndex) -> LiveWindow {
        var window = LiveWindow()
        window.recall(index)
        return window
    }

    /// Names of the listed segments and their discontinuities.
    private func listed(_ window: LiveWindow) -> [String] {
        window.playlist(rendition: 0, isLowLatency: true).segments.map { ($0.isDiscontinuity ? "!" : "") + $0.uri }
    }

    @Test func storedSegmentsComeBeforeTheNewEpoch() {
        var window = recalled(index(segments: 4, lastSamples: 9216))
        #expect(listed(window) == ["1-0.m4s", "1-1.m4s", "1-2.m4s", "1-3.m4s"])
        #expect(window.hint == nil)
        var maker = BundleMaker(epoch: 2, firstMediaSequence: 4, discontinuitySequence: 1)
        for bundle in maker.next(12) { _ = window.add(bundle) }
        #expect(listed(window) == ["1-0.m4s", "1-1.m4s", "1-2.m4s", "1-3.m4s", "!2-4.m4s"])
        let playlist = window.playlist(rendition: 0, isLowLatency: true)
        #expect(playlist.mediaSequence == 0 && playlist.discontinuitySequence == 0)
        #expect(playlist.segments[3].durationSamples == 9216)
        #expect(playlist.segments[0].map == "init-1.mp4" && playlist.segments[4].map == "init-2.mp4")
    }

    /// The log has the parts as well, so what both have is taken from the log, also where it begins in mid-segment.
    @Test(arguments: [0, 7, 20, 33]) func theLogHasPrecedence(start: Int) {
        var maker = BundleMaker()
        let bundles = maker.next(60)
        var early = LiveWindow()
        for bundle in bundles { _ = early.add(bundle) }
        var late = recalled(index(segments: 5))
        for bundle in bundles[start...] { _ = late.add(bundle) }
        #expect(listed(late) == listed(early))
        #expect(late.hint == early.hint)
        let firstOfLog = UInt64((start + 9) / 10)
        for segment in late.segments { #expect(segment.isStored == (segment.mediaSequence < firstOfLog)) }
    }

    /// Where something between store and log is missing, only the log is listed: numbers must not jump in mid-playlist.
    @Test func holesAreNotListed() {
        var window = recalled(index(segments: 4))
        var maker = BundleMaker(firstMediaSequence: 6)
        for bundle in maker.next(10) { _ = window.add(bundle) }
        #expect(listed(window) == ["1-6.m4s"])
    }

    @Test func storedSegmentsLeaveTheWindowLikeOthers() {
        var window = recalled(index(segments: 100))
        #expect(window.segments.count == 31)
        #expect(window.segments.first?.mediaSequence == 69)
        var maker = BundleMaker(epoch: 2, firstMediaSequence: 100, discontinuitySequence: 1)
        for bundle in maker.next(330) { _ = window.add(bundle) }
        #expect(window.segments.allSatisfy { $0.epoch == 2 })
    }

    @Test func whatIsOverEnds() {
        var complete = index(segments: 4)
        complete.isComplete = true
        let window = recalled(complete)
        #expect(window.playlist(rendition: 1, isLowLatency: true).isEnded)
        #expect(window.partTargetSamples == 9600)
    }
}

struct ListedRecordingTests {
    private var index: RecordingIndex {
        var index = RecordingIndex(stream: "s", renditions: [])
        index.epochs = [
            .init(
                number: 1, firstMediaSequence: 0, discontinuitySequence: 0, segmentCount: 3, lastSegmentSamples: 9216,
                dates: [.init(segment: 0, dateMicroseconds: 1_700_000_000_000_000)]),
            .init(
                number: 2, firstMediaSequence: 3, discontinuitySequence: 1, segmentCount: 100,
                lastSegmentSamples: 92_160, dates: [.init(segment: 0, dateMicroseconds: 1_700_000_100_000_000)]),
        ]
        return index
    }

    private func read(_ playlist: MediaPlaylist) throws -> MediaPlaylist {
        var text = ByteBuffer()
        playlist.write(into: &text)
        guard case .media(let read) = try Playlist.parse(text) else {
            throw PlaylistError.unreadable("not a media playlist")
        }
        return read
    }

    @Test func recordingListsEverything() throws {
        var index = index
        index.isComplete = true
        let playlist = try read(index.playlist(kind: .videoOnDemand, lastSamples: .max, prefix: "../x/"))
        #expect(playlist.segments.count == 103)
        #expect(playlist.isEnded && playlist.mediaSequence == 0 && playlist.discontinuitySequence == 0)
        #expect(playlist.segments[2].durationSamples == 9216)
        #expect(playlist.segments[3].uri == "../x/2-3.m4s")
        #expect(playlist.segments.map(\.isDiscontinuity).filter { $0 }.count == 1)
        #expect(playlist.segments[3].isDiscontinuity && playlist.segments[3].map == "../x/init-2.mp4")
        #expect(playlist.segmentDurationSamples == index.totalSamples)
    }

    /// The rewind window is as long as asked for, and its numbers are those of the live playlist.
    @Test func rewindListsTheEnd() throws {
        let playlist = try read(index.playlist(kind: .live, lastSamples: 10 * 92_160, prefix: ""))
        #expect(playlist.segments.count == 10)
        #expect(playlist.mediaSequence == 93 && playlist.discontinuitySequence == 1)
        #expect(playlist.segments.first?.uri == "2-93.m4s" && !playlist.isEnded)
        let date: Int64 = 1_700_000_100_000 + 90 * 1_920
        #expect(playlist.segments.first?.dateMilliseconds == date)
        let longer = try read(index.playlist(kind: .live, lastSamples: 100 * 92_160, prefix: ""))
        #expect(longer.segments.first?.isDiscontinuity == true)
        #expect(longer.discontinuitySequence == 0 && longer.mediaSequence == 3)
    }
}
