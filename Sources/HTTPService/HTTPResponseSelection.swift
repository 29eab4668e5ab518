import NIOCore

/// Which form of a response a request gets (RFC 9110 §12.5.3, §13, §14).
enum HTTPResponseSelection {
    case whole(HTTPResponse.Representation)
    case notModified(HTTPResponse.Representation)
    case part(HTTPResponse.Representation, Range<Int>)
    case unsatisfiable(HTTPResponse.Representation)

    init(_ response: HTTPResponse, for request: HTTPRequestHead) {
        let storage = response.storage
        let traits = request.traits
        var representation = storage.identity
        let wantsRange = storage.allowsRanges && request.method == .get && traits.contains(.range)
        if let compressed = storage.compressed, traits.contains(.acceptEncoding), !wantsRange,
            AcceptEncoding.acceptsGzip(request.values(of: "accept-encoding"))
        {
            representation = compressed
        }
        if let tag = representation.entityTag, traits.contains(.ifNoneMatch), storage.status.code == 200,
            request.method == .get || request.method == .head,
            EntityTag.matches(tag, list: request.values(of: "if-none-match"))
        {
            self = .notModified(representation)
            return
        }
        guard wantsRange, let value = request["range"],
            request["if-range"].map({ $0 == representation.entityTag }) ?? true
        else {
            self = .whole(representation)
            return
        }
        self =
            switch ByteRange(value, size: representation.body.readableBytes) {
            case .ignored: .whole(representation)
            case .satisfiable(let range): .part(representation, range)
            case .unsatisfiable: .unsatisfiable(representation)
            }
    }
}

/// A `Range` field with one range (RFC 9110 §14.1.2).
enum ByteRange: Equatable {
    /// Not in bytes, malformed, or several ranges: the whole body is a right answer to each.
    case ignored
    case satisfiable(Range<Int>)
    case unsatisfiable

    init(_ value: String, size: Int) {
        self = .ignored
        guard let equals = value.firstIndex(of: "="), value[..<equals].lowercased() == "bytes" else { return }
        let specification = value[value.index(after: equals)...].filter { $0 != " " && $0 != "\t" }
        let bounds = specification.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard bounds.count == 2, bounds.allSatisfy({ $0.utf8.allSatisfy(ASCII.isDigit) }) else { return }
        // A number that does not fit is larger than every body.
        let first = bounds[0].isEmpty ? nil : Int(bounds[0]) ?? Int.max
        let last = bounds[1].isEmpty ? nil : Int(bounds[1]) ?? Int.max
        switch (first, last) {
        case (nil, nil): return
        case (nil, let suffix?):
            self = suffix == 0 || size == 0 ? .unsatisfiable : .satisfiable(max(0, size - suffix)..<size)
        case (let first?, let last):
            if let last, last < first { return }
            self = first >= size ? .unsatisfiable : .satisfiable(first..<(min(last ?? Int.max, size - 1) + 1))
        }
    }
}

enum EntityTag {
    /// Weak comparison with the members of `If-None-Match` fields (RFC 9110 §13.1.2).
    static func matches(_ tag: String, list: [String]) -> Bool {
        for value in list {
            if value == "*" || value == tag { return true }
            for member in value.split(separator: ",") {
                var member = member.drop { $0 == " " || $0 == "\t" }
                if member.hasPrefix("W/") { member = member.dropFirst(2) }
                while let last = member.last, last == " " || last == "\t" { member.removeLast() }
                if member == tag { return true }
            }
        }
        return false
    }
}

enum AcceptEncoding {
    /// Whether gzip is acceptable (RFC 9110 §12.5.3): named with a weight above 0, or by `*`.
    static func acceptsGzip(_ values: [String]) -> Bool {
        var wildcard = false
        for value in values {
            for member in value.split(separator: ",") {
                let parts = member.lowercased().split(separator: ";").map { part in
                    part.filter { $0 != " " && $0 != "\t" }
                }
                guard let coding = parts.first else { continue }
                let isRefused = parts.dropFirst().contains { part in
                    part.hasPrefix("q=0") && part.dropFirst(3).allSatisfy { $0 == "." || $0 == "0" }
                }
                if coding == "gzip" || coding == "x-gzip" { return !isRefused }
                if coding == "*" { wildcard = !isRefused }
            }
        }
        return wildcard
    }
}
