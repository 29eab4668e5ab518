import NIOCore

/// The leased responses of one event loop by the paths that they answer, as the paths were sent.
///
/// A part is asked for by every listener: to find it here costs one look-up, and neither a string nor a lock. Whoever
/// leased it decides how long a path stands for it.
struct HTTPKeptResponses {
    /// Paths at a time: those of a live window are some 350 a rendition.
    static let maximumCount = 8192

    private struct Kept {
        let response: HTTPResponse
        let lease: HTTPLease
    }

    private var byPath: [ByteBufferView: Kept] = [:]

    /// What is there for a request that only names a path.
    func response(for head: borrowing HTTPRequestHead) -> HTTPResponse? {
        guard !byPath.isEmpty, head.namesOnlyAPath, let kept = byPath[head.rawPath], kept.lease.isValid else {
            return nil
        }
        kept.lease.noteUse()
        return kept.response
    }

    mutating func keep(_ response: HTTPResponse, _ lease: HTTPLease, for head: HTTPRequestHead) {
        guard head.namesOnlyAPath, lease.isValid else { return }
        if byPath.count >= Self.maximumCount {
            removeRevoked()
            if byPath.count >= Self.maximumCount { byPath.removeAll(keepingCapacity: true) }
        }
        // A copy: the path's own bytes lie in what the connection read.
        byPath[ByteBuffer(bytes: head.rawPath).readableBytesView] = Kept(response: response, lease: lease)
    }

    /// Lets go of what is not given out any more, so that its bytes do not stay.
    mutating func removeRevoked() {
        for (path, kept) in byPath where !kept.lease.isValid { byPath[path] = nil }
    }

    var count: Int { byPath.count }
}

extension HTTPRequestHead {
    /// Reads, and has neither a query nor a path that needs a closer look.
    fileprivate var namesOnlyAPath: Bool {
        (method == .get || method == .head) && queryStart == pathEnd && !traits.contains(.unusualPath)
    }
}
