import HLS
import Testing

struct CalendarDateTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_078_012_799_999, "2004-02-28T23:59:59.999Z"),
            (1_234_567_890_123, "2009-02-13T23:31:30.123Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_777_639_696_789, "2026-05-01T12:48:16.789Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func knownDatesComeOutBothWays(milliseconds: Int64, text: String) throws {
        #expect(CalendarDate(millisecondsSince1970: milliseconds).description == text)
        #expect(try #require(CalendarDate(parsing: text)).millisecondsSince1970 == milliseconds)
    }

    /// Every day of a cycle of 400 years, counted by hand, from each place in the four digits.
    @Test(
        arguments: [(0, -62_167_219_200_000), (1900, -2_208_988_800_000), (9600, 240_779_520_000_000)] as [(Int, Int64)]
    )
    func everyDayFollowsTheOneBefore(firstYear: Int, start: Int64) {
        var (year, month, day) = (firstYear, 1, 1)
        var milliseconds = start
        while year < firstYear + 400 {
            let date = CalendarDate(millisecondsSince1970: milliseconds + 1000)
            guard date.year == year, date.month == month, date.day == day, date.second == 1 else {
                Issue.record("\(date) instead of \(year)-\(month)-\(day)")
                return
            }
            guard CalendarDate(year: year, month: month, day: day)?.millisecondsSince1970 == milliseconds else {
                Issue.record("\(year)-\(month)-\(day) is not \(milliseconds)")
                return
            }
            milliseconds += 86_400_000
            let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            day += 1
            if day > length { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
        }
    }

    @Test(arguments: [Int64.min, Int64.max, 253_402_300_800_000])
    func datesOutsideFourDigitYearsAreMovedInside(milliseconds: Int64) {
        #expect(CalendarDate(millisecondsSince1970: milliseconds).description.utf8.count == 24)
    }

    @Test(arguments: [
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00.000Z"),
        ("2026-05-01T12:00:00", "2026-05-01T12:00:00.000Z"),
        ("2026-05-01T12:00:00.5Z", "2026-05-01T12:00:00.500Z"),
        ("2026-05-01T12:00:00.123456789Z", "2026-05-01T12:00:00.123Z"),
        ("2026-05-01T12:00:00.123+02:00", "2026-05-01T10:00:00.123Z"),
        ("2026-05-01T00:30:00-0130", "2026-05-01T02:00:00.000Z"),
        ("2026-05-01T12:00:00+01", "2026-05-01T11:00:00.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
    ])
    func otherSpellingsAreTakenToUTC(text: String, expected: String) throws {
        #expect(try #require(CalendarDate(parsing: text)).description == expected)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-05-01T24:00:00Z", "2026-05-01 12:00:00Z",
        "2026-05-01T12:00:00.Z", "2026-05-01T12:00:00Zx", "2026-05-01T12:00:00+25:00", "٢٠٢٦-05-01T12:00:00Z",
        "-026-05-01T12:00:00Z", "2026-05-00T12:00:00Z",
    ])
    func refusesWhatIsNoDate(text: String) {
        #expect(CalendarDate(parsing: text) == nil)
    }
}
