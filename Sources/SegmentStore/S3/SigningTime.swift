/// A moment as signatures write it: `20150830T123600Z`, and its day alone.
struct SigningTime: Sendable, Hashable {
    let text: String
    var day: Substring { text.prefix(8) }

    /// - Parameter secondsSince1970: in UTC; 0 for anything before.
    init(secondsSince1970: Int64) {
        let seconds = max(0, secondsSince1970)
        // Days to a date of the Gregorian calendar, in years that begin in March.
        let day = seconds / 86_400 + 719_468
        let era = day / 146_097
        let dayOfEra = day % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let time = seconds % 86_400
        let date = Self.digits(year, 4) + Self.digits(month, 2) + Self.digits(dayOfMonth, 2)
        text = date + "T" + [time / 3600, time / 60 % 60, time % 60].map { Self.digits($0, 2) }.joined() + "Z"
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
