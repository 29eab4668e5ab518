/// A date and time in UTC, in the Gregorian calendar, as EXT-X-PROGRAM-DATE-TIME shows it (ISO 8601).
public struct CalendarDate: Sendable, Hashable {
    public let year: Int
    public let month: Int
    public let day: Int
    public let hour: Int
    public let minute: Int
    public let second: Int
    public let millisecond: Int

    /// First and last date whose year has four digits, in milliseconds since 1970.
    static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Dates outside the years 0 to 9999 become the nearest one inside.
    public init(millisecondsSince1970: Int64) {
        let milliseconds = min(max(millisecondsSince1970, Self.range.lowerBound), Self.range.upperBound)
        // Counted from the year 0 nothing is negative, and division rounds the right way.
        let sinceYearZero = Int(milliseconds - Self.range.lowerBound)
        let ofDay = sinceYearZero % Self.millisecondsPerDay
        (year, month, day) = Self.civil(daysSinceYearZero: sinceYearZero / Self.millisecondsPerDay)
        hour = ofDay / 3_600_000
        minute = ofDay / 60_000 % 60
        second = ofDay / 1000 % 60
        millisecond = ofDay % 1000
    }

    /// `nil` if there is no such day or time; the leap second 60 is taken as the second after it.
    public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, millisecond: Int = 0)
    {
        guard
            0...9999 ~= year, 1...12 ~= month, 1...Self.dayCount(month: month, year: year) ~= day,
            0...23 ~= hour, 0...59 ~= minute, 0...60 ~= second, 0...999 ~= millisecond
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.millisecond = millisecond
    }

    public var millisecondsSince1970: Int64 {
        let seconds = (hour * 60 + minute) * 60 + second
        let days = Self.daysSinceYearZero(year: year, month: month, day: day)
        return Int64(days * Self.millisecondsPerDay + seconds * 1000 + millisecond) + Self.range.lowerBound
    }

    private static let millisecondsPerDay = 86_400_000

    /// Days before each month of a year that begins in March, when the leap day is the last of all.
    private static let daysBeforeMonth = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337]

    /// Days from 1 January to 1 March of the year 0, a leap year.
    private static let daysBeforeMarch = 60

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func dayCount(month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func daysSinceYearZero(year: Int, month: Int, day: Int) -> Int {
        // January and February belong to the year before, so that each year ends with its leap day. The four
        // centuries added keep the year from becoming negative.
        let shifted = year + 400 - (month < 3 ? 1 : 0)
        let leapDays = shifted / 4 - shifted / 100 + shifted / 400
        let ofYear = daysBeforeMonth[(month + 9) % 12] + day - 1
        return shifted * 365 + leapDays + ofYear - 146_097 + daysBeforeMarch
    }

    private static func civil(daysSinceYearZero days: Int) -> (year: Int, month: Int, day: Int) {
        let sinceMarch = days - daysBeforeMarch + 146_097
        let ofCycle = sinceMarch % 146_097
        // The last day of four years, of a century and of the cycle is a leap day, or is missing.
        let yearOfCycle = (ofCycle - ofCycle / 1460 + ofCycle / 36_524 - ofCycle / 146_096) / 365
        let ofYear = ofCycle - (yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = daysBeforeMonth.lastIndex { $0 <= ofYear } ?? 0
        let year = sinceMarch / 146_097 * 400 + yearOfCycle - 400 + (monthFromMarch >= 10 ? 1 : 0)
        return (year, (monthFromMarch + 2) % 12 + 1, ofYear - daysBeforeMonth[monthFromMarch] + 1)
    }
}
