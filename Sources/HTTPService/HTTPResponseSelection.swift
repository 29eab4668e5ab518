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
        if let compressed = storage.compressed, traits.contains(.acceptEncoding), !wantsRange, request.acceptsGzip {
            representation = compressed
        }
        if let tag = representation.entityTag, traits.contains(.ifNoneMatch), storage.status.code == 200,
            request.method == .get || request.method == .head, request.ifNoneMatchHas(tag)
        {
            self = .notModified(representation)
            return
        }
        guard wantsRange else {
            self = .whole(representation)
            return
        }
        self =
            switch request.byteRange(size: representation.body.readableBytes, tag: representation.entityTag) {
            case .ignored: .whole(representation)
            case .satisfiable(let range): .part(representation, range)
            case .unsatisfiable: .unsatisfiable(representation)
            }
    }
}
