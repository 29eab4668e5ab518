import AudioTimeline
import Testing

struct MediaTimestampTests {
    /// Numbers that can be a time are exact, all others are none.
    @Test func numbersThatCannotBeAreNone() {
        let farthest = MediaTimestamp.farthestNanoseconds
        #expect(MediaTimestamp(nanoseconds: farthest)?.nanoseconds == farthest)
        #expect(MediaTimestamp(nanoseconds: -farthest)?.nanoseconds == -farthest)
        for number in [farthest + 1, -farthest - 1, .max, .min] { #expect(MediaTimestamp(nanoseconds: number) == nil) }
        #expect(MediaTimestamp(44_101, perSecond: 44_100)?.nanoseconds == 1_000_022_675)
        #expect(MediaTimestamp(-1, perSecond: 1_000)?.nanoseconds == -1_000_000)
        #expect(MediaTimestamp(2_000_000_000_000, perSecond: 1_000)?.nanoseconds == farthest)
        for rate in [1, 1_000, 44_100, 90_000, 1_000_000_000] {
            #expect(MediaTimestamp(.max, perSecond: rate) == nil)
            #expect(MediaTimestamp(.min, perSecond: rate) == nil)
        }
        for rate in [.min, -1, 0, 1_000_000_001, .max] { #expect(MediaTimestamp(1, perSecond: rate) == nil) }
    }

    @Test func sumsThatCannotBeAreNone() throws {
        let time = try #require(MediaTimestamp(nanoseconds: MediaTimestamp.farthestNanoseconds - 5))
        #expect(time.advanced(byNanoseconds: 5)?.nanoseconds == MediaTimestamp.farthestNanoseconds)
        for distance in [6, Int64.max] { #expect(time.advanced(byNanoseconds: distance) == nil) }
        #expect(time.advanced(byNanoseconds: -2 * MediaTimestamp.farthestNanoseconds + 5) != nil)
        for distance in [-2 * MediaTimestamp.farthestNanoseconds + 4, -.max, .min] {
            #expect(time.advanced(byNanoseconds: distance) == nil)
        }
    }
}
