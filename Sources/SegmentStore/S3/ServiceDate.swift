/// Dates as the service writes them, in seconds since 1970.
enum ServiceDate {
    /// `2026-11-26T18:10:34.000Z`, as in listings. Fractions are dropped.
    static func listing(_ text: String) -> Int64? {
        let parts = text.split { "-T:.Z".contains($0) }.compactMap { Int64($0) }
        guard parts.count >= 6 else { return nil }
        return seconds(year: parts[0], month: parts[1], day: parts[2], time: Array(parts[3..<6]))
    }

    /// `Thu, 26 Nov 2026 18:10:34 GMT`, as in the field `Date`.
    static func field(_ text: String) -> Int64? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split { " ,:".contains($0) }
        guard parts.count == 8, let month = months.firstIndex(of: String(parts[2])), let day = Int64(parts[1]),
            let year = Int64(parts[3])
        else { return nil }
        return seconds(year: year, month: Int64(month) + 1, day: day, time: parts[4..<7].compactMap { Int64($0) })
    }

    private static func seconds(year: Int64, month: Int64, day: Int64, time: [Int64]) -> Int64? {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), time.count == 3,
            (0...23).contains(time[0]), (0...59).contains(time[1]), (0...60).contains(time[2])
        else { return nil }
        // The Gregorian calendar in years that begin in March.
        let shiftedYear = month <= 2 ? year - 1 : year
        let shiftedMonth = month <= 2 ? month + 9 : month - 3
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        let days =
            365 * shiftedYear + shiftedYear / 4 - shiftedYear / 100 + shiftedYear / 400 + dayOfYear - 719_468
        return days * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
    }
}
