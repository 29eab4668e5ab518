import HLS
import TestSupport
import Testing

struct DeliveryDirectivesTests {
    private let all = DeliveryDirectives(mediaSequence: .number(5), part: .number(2), skip: .segments)

    /// L22: in any order, mixed with other parameters.
    @Test(arguments: [
        "_HLS_msn=5&_HLS_part=2&_HLS_skip=YES",
        "_HLS_skip=YES&_HLS_part=2&_HLS_msn=5",
        "token=a%3Db%26c&_HLS_msn=5&x&_HLS_part=2&=&_HLS_skip=YES&z=_HLS_msn=9",
        "&&_HLS_msn=005&_HLS_part=2&_HLS_skip=YES&&",
    ])
    func orderAndOtherParametersDoNotMatter(query: String) {
        #expect(DeliveryDirectives(query: query) == all)
        #expect(DeliveryDirectives(query: Array(query.utf8)) == all)
        #expect(DeliveryDirectives(query: query.dropFirst(0)) == all)
    }

    /// L23: unknown reserved parameters are ignored, and names are compared as they are.
    @Test(arguments: ["_HLS_primary_id=1", "_HLS_start_offset=3&_HLS_", "_hls_msn=5", "_HLS_msn%20=5", "HLS_msn=5", ""])
    func unknownParametersAreIgnored(query: String) {
        #expect(DeliveryDirectives(query: query) == DeliveryDirectives())
    }

    @Test func skipHasTwoValues() {
        #expect(DeliveryDirectives(query: "_HLS_skip=YES").skip == .segments)
        #expect(DeliveryDirectives(query: "_HLS_skip=v2").skip == .segmentsAndDateRanges)
        for value in ["yes", "V2", "NO", "", "YES%20", "YES2"] {
            #expect(DeliveryDirectives(query: "_HLS_skip=\(value)").skip == nil)
        }
    }

    @Test func ofRepeatedDirectivesTheFirstCounts() {
        let directives = DeliveryDirectives(
            query: "_HLS_msn=1&_HLS_msn=2&_HLS_skip=NO&_HLS_skip=YES&_HLS_part=x&_HLS_part=1")
        #expect(directives == DeliveryDirectives(mediaSequence: .number(1), part: .malformed, skip: nil))
    }

    @Test func survivesTenThousandMutations() {
        let query = Array("_HLS_msn=12345&_HLS_part=7&_HLS_skip=v2&token=abc".utf8)
        var mutator = Mutator(seed: 5)
        var intact = 0
        let position = BlockingReload.Position(openSegment: 12_345, openPartCount: 3, lastSegmentPartCount: 10)
        let reload = BlockingReload(partTargetSamples: 9216, partsPerSegment: 10)
        for _ in 0..<10_000 {
            let directives = DeliveryDirectives(query: mutator.mutate(query))
            if case .wait = reload.decide(directives, at: position) { intact += 1 }
        }
        #expect(1000..<9000 ~= intact)
    }
}
