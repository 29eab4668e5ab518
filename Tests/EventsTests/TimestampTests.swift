import Events
import Testing

struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (1_709_164_799_999, "2024-02-28T23:59:59.999Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"), (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
        (1_772_352_300_250, "2026-03-01T08:05:00.250Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
    ])
    func isWrittenAsRFC3339(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test func neverTrapsAtTheEnds() {
        #expect(!Timestamp(milliseconds: .max).rfc3339.isEmpty)
        #expect(!Timestamp(milliseconds: .min).rfc3339.isEmpty)
        #expect(Timestamp(milliseconds: .max).advanced(by: .seconds(1)).milliseconds == .max)
        #expect(Timestamp(milliseconds: .min).advanced(by: .seconds(-1)).milliseconds == .min)
        #expect(Timestamp(milliseconds: 0).advanced(by: .seconds(Int64.max)).milliseconds == .max)
    }

    @Test func advancesByWholeMilliseconds() {
        let start = Timestamp(milliseconds: 10)
        #expect(start.advanced(by: .microseconds(2999)).milliseconds == 12)
        #expect(start.advanced(by: .seconds(-1)).milliseconds == -990)
        #expect(start < start.advanced(by: .milliseconds(1)))
    }
}
