import NIOCore

/// What a request's fields say about the form of the response that it wants.
extension HTTPRequestHead {
    /// Whether `If-None-Match` has the tag, by weak comparison (RFC 9110 §13.1.2).
    /// - Parameter tag: with its quotes.
    func ifNoneMatchHas(_ tag: String) -> Bool {
        guard traits.contains(.ifNoneMatch) else { return false }
        var isFound = false
        forEachMember(of: "if-none-match", from: Int(lines.ifNoneMatch)) { bytes, member in
            var member = member
            if member.count > 2, bytes[member.lowerBound] == UInt8(ascii: "W"),
                bytes[member.lowerBound + 1] == ASCII.slash
            {
                member = (member.lowerBound + 2)..<member.upperBound
            }
            isFound = ASCII.equalExactly(bytes, member, tag) || ASCII.equalExactly(bytes, member, "*")
            return !isFound
        }
        return isFound
    }

    /// Whether gzip is acceptable (RFC 9110 §12.5.3): named with a weight above 0, or by `*`.
    var acceptsGzip: Bool {
        guard traits.contains(.acceptEncoding) else { return false }
        var isAccepted = false
        forEachMember(of: "accept-encoding", from: Int(lines.acceptEncoding)) { bytes, member in
            var end = member.lowerBound
            while end < member.upperBound, bytes[end] != UInt8(ascii: ";") { end += 1 }
            let coding = ASCII.trimmed(bytes, member.lowerBound..<end)
            func isCoding(_ name: String, _ bytes: borrowing Span<UInt8>) -> Bool {
                ASCII.equal(bytes, from: coding.lowerBound, to: coding.upperBound, name)
            }
            let isWildcard = isCoding("*", bytes)
            guard isWildcard || isCoding("gzip", bytes) || isCoding("x-gzip", bytes) else { return true }
            isAccepted = !Self.hasNoWeight(bytes, end..<member.upperBound)
            // What names gzip decides; a wildcard stands for it only where nothing does.
            return isWildcard
        }
        return isAccepted
    }

    /// Whether parameters, each behind its semicolon, say `q=0`.
    private static func hasNoWeight(_ bytes: borrowing Span<UInt8>, _ parameters: Range<Int>) -> Bool {
        var index = parameters.lowerBound
        while index < parameters.upperBound {
            let start = index + 1
            index = start
            while index < parameters.upperBound, bytes[index] != UInt8(ascii: ";") { index += 1 }
            let parameter = ASCII.trimmed(bytes, min(start, index)..<index)
            guard parameter.count >= 3,
                ASCII.equal(bytes, from: parameter.lowerBound, to: parameter.lowerBound + 3, "q=0")
            else { continue }
            var digit = parameter.lowerBound + 3
            while digit < parameter.upperBound, bytes[digit] == UInt8(ascii: "0") || bytes[digit] == UInt8(ascii: ".") {
                digit += 1
            }
            if digit == parameter.upperBound { return true }
        }
        return false
    }

    /// What `Range` asks for, unless `If-Range` names another form.
    /// - Parameters:
    ///   - size: of the body, in bytes.
    ///   - tag: of the body, with its quotes.
    func byteRange(size: Int, tag: String?) -> ByteRange {
        guard traits.contains(.range), let value = nextValue(of: "range", after: Int(lines.range)) else {
            return .ignored
        }
        let span = bytes.readableBytesUInt8Span
        if let condition = nextValue(of: "if-range", after: Int(fieldsStart)) {
            guard let tag, ASCII.equalExactly(span, condition.start..<condition.end, tag) else { return .ignored }
        }
        return ByteRange(span, value.start..<value.end, size: size)
    }
}

/// A `Range` field with one range (RFC 9110 §14.1.2).
enum ByteRange: Equatable {
    /// Not in bytes, malformed, or several ranges: the whole body is a right answer to each.
    case ignored
    case satisfiable(Range<Int>)
    case unsatisfiable

    init(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>, size: Int) {
        self = .ignored
        let unit = "bytes="
        var index = value.lowerBound + unit.utf8.count
        guard index < value.upperBound, ASCII.equal(bytes, from: value.lowerBound, to: index, unit) else { return }
        let first = Self.number(bytes, &index, to: value.upperBound)
        guard index < value.upperBound, bytes[index] == UInt8(ascii: "-") else { return }
        index += 1
        let last = Self.number(bytes, &index, to: value.upperBound)
        guard index == value.upperBound else { return }
        switch (first, last) {
        case (nil, nil): return
        case (nil, let suffix?):
            self = suffix == 0 || size == 0 ? .unsatisfiable : .satisfiable(max(0, size - suffix)..<size)
        case (let first?, let last):
            if let last, last < first { return }
            self = first >= size ? .unsatisfiable : .satisfiable(first..<(min(last ?? Int.max, size - 1) + 1))
        }
    }

    /// The number here, with white space around it; a number that does not fit is larger than every body.
    private static func number(_ bytes: borrowing Span<UInt8>, _ index: inout Int, to end: Int) -> Int? {
        while index < end, bytes[index] == ASCII.space || bytes[index] == ASCII.tab { index += 1 }
        var number: Int?
        while index < end, ASCII.isDigit(bytes[index]) {
            let (tens, isTooLarge) = (number ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = tens.addingReportingOverflow(Int(bytes[index] &- 0x30))
            number = isTooLarge || isLarger ? Int.max : sum
            index += 1
        }
        while index < end, bytes[index] == ASCII.space || bytes[index] == ASCII.tab { index += 1 }
        return number
    }
}
