import HLS
import Testing

struct BlockingReloadTests {
    /// Segments 100 to 120 are whole, of 121 parts 0 to 3 are listed.
    private static let position = BlockingReload.Position(
        openSegment: 121,
        openPartCount: 4,
        lastSegmentPartCount: 10
    )

    private let reload = BlockingReload(partTargetSamples: 9216, partsPerSegment: 10)

    private func decide(
        _ query: String,
        at position: BlockingReload.Position = position
    ) -> BlockingReload.Decision {
        reload.decide(DeliveryDirectives(query: query), at: position)
    }

    private func wait(_ mediaSequence: Int, _ part: Int?) -> BlockingReload.Decision {
        .wait(until: BlockingReload.Target(mediaSequence: mediaSequence, part: part))
    }

    @Test func noDirectiveIsAnsweredAtOnce() {
        #expect(decide("") == .answerNow)
        #expect(decide("_HLS_skip=YES&token=a") == .answerNow)
    }

    /// L13: without a part the whole segment is waited for.
    @Test func aSegmentIsWaitedForUntilItIsWhole() {
        #expect(decide("_HLS_msn=120") == .answerNow)
        #expect(decide("_HLS_msn=121") == wait(121, nil))
        let target = BlockingReload.Target(mediaSequence: 121, part: nil)
        #expect(!target.isSatisfied(at: .init(openSegment: 121, openPartCount: 10, lastSegmentPartCount: 10)))
        #expect(target.isSatisfied(at: .init(openSegment: 122, openPartCount: 0, lastSegmentPartCount: 10)))
    }

    /// L13: part N of M, or anything later.
    @Test func aPartIsWaitedForUntilItIsListed() {
        #expect(decide("_HLS_msn=121&_HLS_part=3") == .answerNow)
        #expect(decide("_HLS_msn=121&_HLS_part=4") == wait(121, 4))
        let target = BlockingReload.Target(mediaSequence: 121, part: 4)
        #expect(!target.isSatisfied(at: Self.position))
        #expect(target.isSatisfied(at: .init(openSegment: 121, openPartCount: 5, lastSegmentPartCount: 10)))
        #expect(target.isSatisfied(at: .init(openSegment: 122, openPartCount: 0, lastSegmentPartCount: 10)))
        #expect(target.isSatisfied(at: .init(openSegment: 130, openPartCount: 0, lastSegmentPartCount: 2)))
    }

    /// L14: beyond the last part of a finished segment is the first part of the next.
    @Test func aPartBeyondAFinishedSegmentIsTheNextFirst() {
        #expect(decide("_HLS_msn=120&_HLS_part=10") == .answerNow)
        let fresh = BlockingReload.Position(openSegment: 121, openPartCount: 0, lastSegmentPartCount: 10)
        #expect(decide("_HLS_msn=120&_HLS_part=9", at: fresh) == .answerNow)
        #expect(decide("_HLS_msn=120&_HLS_part=10", at: fresh) == wait(120, 10))
        #expect(decide("_HLS_msn=120&_HLS_part=4000", at: fresh) == wait(120, 4000))
        #expect(decide("_HLS_msn=119&_HLS_part=4000", at: fresh) == .answerNow)
        let target = BlockingReload.Target(mediaSequence: 120, part: 10)
        #expect(target.isSatisfied(at: .init(openSegment: 121, openPartCount: 1, lastSegmentPartCount: 10)))
    }

    /// L14: also if the segment is finished, and shorter than thought, only while the request waits.
    @Test func aSegmentThatIsCutShortMovesTheWaitToTheNextFirst() {
        #expect(decide("_HLS_msn=121&_HLS_part=7") == wait(121, 7))
        let target = BlockingReload.Target(mediaSequence: 121, part: 7)
        #expect(!target.isSatisfied(at: .init(openSegment: 122, openPartCount: 0, lastSegmentPartCount: 5)))
        #expect(target.isSatisfied(at: .init(openSegment: 122, openPartCount: 1, lastSegmentPartCount: 5)))
    }

    /// L15: what is older than the window is answered at once, never refused.
    @Test(arguments: ["_HLS_msn=0", "_HLS_msn=0&_HLS_part=0", "_HLS_msn=99&_HLS_part=12", "_HLS_msn=120"])
    func oldNumbersAreAnsweredAtOnce(query: String) {
        #expect(decide(query) == .answerNow)
    }

    /// L16: more than two segments after the last one listed, which is the open one once it has a part.
    @Test func segmentsTooFarAheadAreRefused() {
        #expect(decide("_HLS_msn=123") == wait(123, nil))
        #expect(decide("_HLS_msn=124") == .badRequest(.segmentTooFarAhead))
        let fresh = BlockingReload.Position(openSegment: 121, openPartCount: 0, lastSegmentPartCount: 10)
        #expect(decide("_HLS_msn=122", at: fresh) == wait(122, nil))
        #expect(decide("_HLS_msn=123", at: fresh) == .badRequest(.segmentTooFarAhead))
        #expect(decide("_HLS_msn=9223372036854775807") == .badRequest(.segmentTooFarAhead))
        let first = BlockingReload.Position(openSegment: 0, openPartCount: 0, lastSegmentPartCount: 0)
        #expect(decide("_HLS_msn=9223372036854775807", at: first) == .badRequest(.segmentTooFarAhead))
        #expect(decide("_HLS_msn=0&_HLS_part=0", at: first) == wait(0, 0))
    }

    /// L16, section 0: the Advance Part Limit is 15.6 parts: fifteen after the last one may be asked for.
    @Test func partsTooFarAheadAreRefused() {
        #expect(reload.advancePartLimit == 15)
        // The last one listed is 121/3.
        #expect(decide("_HLS_msn=121&_HLS_part=18") == wait(121, 18))
        #expect(decide("_HLS_msn=121&_HLS_part=19") == .badRequest(.partTooFarAhead))
        #expect(decide("_HLS_msn=122&_HLS_part=8") == wait(122, 8))
        #expect(decide("_HLS_msn=122&_HLS_part=9") == .badRequest(.partTooFarAhead))
        #expect(decide("_HLS_msn=123&_HLS_part=0") == .badRequest(.partTooFarAhead))
        let full = BlockingReload.Position(openSegment: 121, openPartCount: 9, lastSegmentPartCount: 10)
        #expect(decide("_HLS_msn=123&_HLS_part=3", at: full) == wait(123, 3))
        #expect(decide("_HLS_msn=123&_HLS_part=4", at: full) == .badRequest(.partTooFarAhead))
        #expect(decide("_HLS_msn=122&_HLS_part=9223372036854775807") == .badRequest(.partTooFarAhead))
        // Right after a segment was finished its last part is the last one listed.
        let fresh = BlockingReload.Position(openSegment: 121, openPartCount: 0, lastSegmentPartCount: 10)
        #expect(decide("_HLS_msn=121&_HLS_part=14", at: fresh) == wait(121, 14))
        #expect(decide("_HLS_msn=121&_HLS_part=15", at: fresh) == .badRequest(.partTooFarAhead))
    }

    /// Section 0, bis §6.2.5.2: the limit is three for parts of a second and longer.
    @Test(arguments: [(9216, 15), (9600, 15), (24_000, 6), (48_000, 3), (96_000, 3)])
    func theLimitFollowsThePartTarget(partTarget: Int, limit: Int) {
        #expect(BlockingReload(partTargetSamples: partTarget, partsPerSegment: 10).advancePartLimit == limit)
    }

    /// L17: a part without a segment, and what is no decimal integer.
    @Test func malformedDirectivesAreRefused() {
        #expect(decide("_HLS_part=1") == .badRequest(.partWithoutMediaSequence))
        for value in ["", "-1", "+1", "1.0", "0x10", "1e3", "abc", "1%30", "99999999999999999999999"] {
            #expect(decide("_HLS_msn=\(value)") == .badRequest(.notANumber))
            #expect(decide("_HLS_msn=121&_HLS_part=\(value)") == .badRequest(.notANumber))
        }
        #expect(decide("_HLS_msn") == .badRequest(.notANumber))
    }

    /// P39: after the end all directives are ignored, whatever they say.
    @Test(arguments: ["_HLS_msn=500", "_HLS_part=1", "_HLS_msn=x", "_HLS_msn=121&_HLS_part=19"])
    func anEndedPlaylistIsAnsweredAtOnce(query: String) {
        var position = Self.position
        position.isEnded = true
        #expect(decide(query, at: position) == .answerNow)
        #expect(BlockingReload.Target(mediaSequence: 122, part: nil).isSatisfied(at: position))
    }

    /// Without parts in the playlist `_HLS_part` adds nothing: the segment is waited for.
    @Test func standardLatencyWaitsForSegments() {
        let reload = BlockingReload(partTargetSamples: nil, partsPerSegment: 10)
        let position = BlockingReload.Position(openSegment: 121, openPartCount: 0, lastSegmentPartCount: 0)
        let directives = DeliveryDirectives(query: "_HLS_msn=121&_HLS_part=2")
        #expect(reload.decide(directives, at: position) == wait(121, nil))
        #expect(reload.decide(DeliveryDirectives(query: "_HLS_msn=120&_HLS_part=40"), at: position) == .answerNow)
    }

    /// L18: three target durations.
    @Test func waitingEndsAfterThreeTargetDurations() {
        #expect(BlockingReload.waitMax(targetDurationSeconds: 2) == 6)
    }

    /// L13, L14: every request that may wait is answered by the first version that has the part, and by none before.
    @Test func everyWaitEndsWithTheVersionThatListsIt() throws {
        for ahead in 1...15 {
            var stream = LiveStream()
            stream.addSegments(3)
            for _ in 0..<4 { stream.addPart() }
            let linear = 4 + ahead - 1
            let target = BlockingReload.Target(mediaSequence: 103 + linear / 10, part: linear % 10)
            for step in 0..<ahead {
                #expect(!target.isSatisfied(at: stream.position), "\(ahead) \(step)")
                stream.addPart()
            }
            #expect(target.isSatisfied(at: stream.position))
            #expect(stream.playlist.text.contains("URI=\"1-\(target.mediaSequence).\(linear % 10).m4s\",INDEPENDENT"))
        }
    }
}
