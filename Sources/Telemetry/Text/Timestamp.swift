import Glibc

/// A moment of the wall clock, written as RFC 3339 in UTC with milliseconds.
struct Timestamp: Sendable, Equatable {
    var millisecondsSince1970: Int64

    /// The wall clock's reading.
    static var now: Timestamp {
        var time = timespec()
        // CLOCK_REALTIME exists on every Linux, and the address is valid: the call cannot fail.
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSince1970: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// `2026-02-28T23:59:59.007Z` (RFC 3339 §5.6).
    var rfc3339: String { date + "T" + timeOfDay + "Z" }

    /// `23:59:59.007`, in UTC.
    var timeOfDay: String {
        let milliseconds = millisecondsOfDay
        let seconds = milliseconds / 1000
        return Self.padded(seconds / 3600, 2) + ":" + Self.padded(seconds / 60 % 60, 2) + ":"
            + Self.padded(seconds % 60, 2) + "." + Self.padded(milliseconds % 1000, 3)
    }

    private static let millisecondsPerDay: Int64 = 86_400_000

    private var millisecondsOfDay: Int64 {
        let rest = millisecondsSince1970 % Self.millisecondsPerDay
        return rest < 0 ? rest + Self.millisecondsPerDay : rest
    }

    // The proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March, so that the leap day is
    // the last day of a year and needs no special case.
    private var date: String {
        let days = (millisecondsSince1970 - millisecondsOfDay) / Self.millisecondsPerDay + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return Self.padded(year, 4) + "-" + Self.padded(month, 2) + "-" + Self.padded(day, 2)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
