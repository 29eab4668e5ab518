import NIOCore

extension CalendarDate {
    /// Reads `2026-05-01T12:34:56.789Z`; zones `±hh:mm`, `±hhmm` and `±hh` are taken to UTC, fractions beyond
    /// milliseconds are cut off. Without a zone the date is taken as UTC.
    public init?(parsing text: some StringProtocol) {
        var scanner = DigitScanner(text.utf8)
        guard
            let year = scanner.number(digits: 4), scanner.skip("-"),
            let month = scanner.number(digits: 2), scanner.skip("-"),
            let day = scanner.number(digits: 2), scanner.skip("T") || scanner.skip("t"),
            let hour = scanner.number(digits: 2), scanner.skip(":"),
            let minute = scanner.number(digits: 2), scanner.skip(":"),
            let second = scanner.number(digits: 2)
        else { return nil }
        var millisecond = 0
        if scanner.skip(".") || scanner.skip(",") {
            guard let fraction = scanner.milliseconds() else { return nil }
            millisecond = fraction
        }
        guard
            let zone = scanner.zoneMinutes(), scanner.isAtEnd,
            let date = CalendarDate(
                year: year,
                month: month,
                day: day,
                hour: hour,
                minute: minute,
                second: second,
                millisecond: millisecond
            )
        else { return nil }
        self.init(millisecondsSince1970: date.millisecondsSince1970 - Int64(zone) * 60_000)
    }
}

extension CalendarDate: CustomStringConvertible {
    /// `2026-05-01T12:34:56.789Z`
    public var description: String {
        var buffer = ByteBuffer()
        buffer.writeDate(self)
        return String(buffer: buffer)
    }
}

extension ByteBuffer {
    /// Writes 24 characters as three integers of eight.
    mutating func writeDate(_ date: CalendarDate) {
        let hyphen: UInt64 = 0x2D
        let colon: UInt64 = 0x3A
        let (month, day) = (Self.digits(date.month, count: 2), Self.digits(date.day, count: 2))
        let (hour, minute) = (Self.digits(date.hour, count: 2), Self.digits(date.minute, count: 2))
        let second = Self.digits(date.second, count: 2)
        writeMultipleIntegers(
            // 2026-05-
            Self.digits(date.year, count: 4) << 32 | hyphen << 24 | month << 8 | hyphen,
            // 01T12:48
            day << 48 | UInt64(UInt8(ascii: "T")) << 40 | hour << 24 | colon << 16 | minute,
            // :16.789Z
            colon << 56 | second << 40 | UInt64(UInt8(ascii: ".")) << 32 | Self.digits(date.millisecond, count: 3) << 8
                | UInt64(UInt8(ascii: "Z"))
        )
    }
}

/// Reads fixed numbers of digits.
private struct DigitScanner<Bytes: Collection<UInt8>> {
    private var rest: Bytes.SubSequence

    init(_ bytes: Bytes) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = nextDigit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// A fraction of a second, of which three digits count.
    mutating func milliseconds() -> Int? {
        guard let first = nextDigit() else { return nil }
        var value = first
        var count = 1
        while let digit = nextDigit() {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        while count < 3 {
            value *= 10
            count += 1
        }
        return value
    }

    /// Minutes east of Greenwich.
    mutating func zoneMinutes() -> Int? {
        if rest.isEmpty || skip("Z") || skip("z") { return 0 }
        let isEast = skip("+")
        guard isEast || skip("-"), let hours = number(digits: 2) else { return nil }
        var minutes = 0
        if !rest.isEmpty {
            _ = skip(":")
            guard let number = number(digits: 2) else { return nil }
            minutes = number
        }
        guard hours < 24, minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (isEast ? 1 : -1)
    }

    private mutating func nextDigit() -> Int? {
        guard let byte = rest.first, 0x30...0x39 ~= byte else { return nil }
        rest.removeFirst()
        return Int(byte - 0x30)
    }
}
