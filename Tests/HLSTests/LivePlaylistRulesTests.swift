import HLS
import NIOCore
import Testing

/// An hour-like run in small: every version that a live playlist goes through is read back, and the rules for one
/// version and for each pair of neighbours are checked.
struct LivePlaylistRulesTests {
    /// Ninety segments with two discontinuities, one after a segment that was cut short.
    private static func run() -> [MediaPlaylist] {
        var stream = LiveStream()
        var versions: [MediaPlaylist] = []
        for slot in 0..<900 {
            stream.addPart()
            versions.append(stream.playlist)
            if slot == 304 || slot == 499 {
                if slot == 304 {
                    stream.addPart(samples: 3072)
                    versions.append(stream.playlist)
                }
                stream.close(isDiscontinuity: true)
                versions.append(stream.playlist)
            }
        }
        return versions
    }

    private static let versions = run()

    /// The versions as the own parser reads them.
    private static let read = Result { try versions.map { try $0.reread() } }

    /// The own parser reads what the writer wrote: all but parts that are not listed any more.
    @Test func everyVersionIsReadBack() throws {
        for (version, read) in zip(Self.versions, try Self.read.get()) {
            #expect(read == version.withListedParts)
        }
    }

    /// P9, P11, L2, L3, L5, L7 in each version.
    @Test func durationsAndPartsKeepTheirLimits() throws {
        for read in try Self.read.get() {
            let target = try #require(read.partTargetSamples)
            for segment in read.segments {
                #expect(SampleDuration.nearestSeconds(segment.durationSamples) <= read.targetDurationSeconds)
                guard !segment.parts.isEmpty else { continue }
                #expect(segment.parts.reduce(0) { $0 + $1.durationSamples } == segment.durationSamples)
                #expect(segment.parts.dropLast().allSatisfy { $0.durationSamples * 100 >= target * 85 })
            }
            for part in read.segments.flatMap(\.parts) + (read.openSegment?.parts ?? []) {
                #expect(part.durationSamples <= target)
                #expect(part.isIndependent)
            }
        }
    }

    /// L8: no part is listed that begins more than three target durations from the end, and those of at least one
    /// whole segment are.
    @Test func partsAreListedNearTheEndOnly() throws {
        for read in try Self.read.get() {
            var distance = read.openSegment?.parts.reduce(0) { $0 + $1.durationSamples } ?? 0
            for segment in read.segments.reversed() {
                distance += segment.durationSamples
                if !segment.parts.isEmpty { #expect(distance <= 6 * 48_000) }
            }
            if let last = read.segments.last { #expect(!last.parts.isEmpty) }
            // Removed in order: segments with parts come after those without.
            let withParts = read.segments.map { !$0.parts.isEmpty }
            #expect(withParts == withParts.sorted { !$0 && $1 })
        }
    }

    /// P4, P3: what must never change does not.
    @Test func constantsStayConstant() throws {
        let constants = Set(
            Self.versions.map { version in
                version.lines.filter {
                    ["#EXT-X-TARGETDURATION", "#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF"].contains(
                        String($0.prefix { $0 != ":" })
                    )
                }
            }
        )
        #expect(constants.count == 1)
        #expect(constants.first?.count == 3)
    }

    /// P13, P14, P16, P22, P26: numbers rise by what was removed; a number keeps its URI, date and discontinuity.
    @Test func segmentsKeepTheirNumbers() throws {
        var known: [Int: (uri: String, date: Int64?, discontinuity: Int)] = [:]
        var previous: MediaPlaylist?
        for read in try Self.read.get() {
            if let previous {
                #expect(read.mediaSequence >= previous.mediaSequence)
                let removed = previous.segments.prefix(read.mediaSequence - previous.mediaSequence)
                let tags = removed.filter(\.isDiscontinuity).count
                #expect(read.discontinuitySequence == previous.discontinuitySequence + tags)
                if !removed.isEmpty { #expect(read.segmentDurationSamples >= 6 * 48_000) }
            }
            var discontinuity = read.discontinuitySequence
            for (index, segment) in read.segments.enumerated() {
                if segment.isDiscontinuity { discontinuity += 1 }
                let number = read.mediaSequence + index
                if let before = known[number] {
                    #expect(before.uri == segment.uri)
                    #expect(before.date == segment.dateMilliseconds)
                    #expect(before.discontinuity == discontinuity)
                } else {
                    known[number] = (segment.uri, segment.dateMilliseconds, discontinuity)
                }
                #expect(segment.dateMilliseconds != nil)
                #expect(segment.map != nil)
            }
            previous = read
        }
        #expect(known.count > 85)
    }

    /// L33, L34: one hint, which is what is listed next, character for character, also across segments; the
    /// exception is an epoch that was cut short.
    @Test func hintsComeTrue() throws {
        var missed = 0
        for (version, next) in zip(Self.versions, Self.versions.dropFirst()) {
            let lines = version.lines.filter { $0.hasPrefix("#EXT-X-PRELOAD-HINT:TYPE=PART") }
            #expect(lines.count == 1)
            let hint = try #require(version.preloadHintPart)
            #expect(lines.first == "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"\(hint)\"")
            if !next.text.contains("URI=\"\(hint)\",INDEPENDENT") { missed += 1 }
        }
        // Versions that only closed a segment list no part, and so does the one before each.
        #expect(missed == 2)
    }

    /// P24, P25: map, discontinuity and date stand before the first part of their segment.
    @Test func tagsOfASegmentStandBeforeItsParts() {
        for version in Self.versions {
            var hasParts = false
            for line in version.lines {
                if line.hasPrefix("#EXT-X-PART:") {
                    hasParts = true
                } else if !line.hasPrefix("#") {
                    hasParts = false
                } else if ["#EXT-X-MAP", "#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME"].contains(
                    String(line.prefix { $0 != ":" })
                ) {
                    #expect(!hasParts)
                }
            }
        }
    }

    /// L26, L27, L32, P16: every delta, put onto the version before it, is the next version.
    @Test func everyDeltaGivesTheWholePlaylist() throws {
        var deltas = 0
        let read = try Self.read.get()
        for index in 1..<read.count {
            let delta = Self.versions[index].skipping(.segments)
            if delta.skip != nil { deltas += 1 }
            let merged = try read[index - 1].applying(delta.reread())
            var expected = read[index]
            // A player still has the parts of segments that it got earlier.
            for index in merged.segments.indices where expected.segments[index].parts.isEmpty {
                expected.segments[index].parts = merged.segments[index].parts
            }
            #expect(merged == expected)
        }
        #expect(deltas > 700)
    }
}
