import Foundation
import Testing

@testable import Telemetry

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_827_696_789, "2000-02-29T12:34:56.789Z"),
        (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ])
    func writesKnownMoments(milliseconds: Int64, expected: String) {
        #expect(Timestamp(millisecondsSince1970: milliseconds).rfc3339 == expected)
    }

    /// Every 37th day for 600 years must agree with Foundation's calendar.
    @Test func agreesWithFoundation() {
        let style = Date.ISO8601FormatStyle()
        for day in stride(from: Int64(-40_000), to: 180_000, by: 37) {
            let seconds = day * 86_400 + 45_296
            let expected = Date(timeIntervalSince1970: Double(seconds)).formatted(style).dropLast()
            #expect(Timestamp(millisecondsSince1970: seconds * 1000 + 123).rfc3339 == expected + ".123Z")
        }
    }

    @Test func nowIsNow() {
        let distance = Double(Timestamp.now.millisecondsSince1970) / 1000 - Date().timeIntervalSince1970
        #expect(abs(distance) < 60)
    }
}
