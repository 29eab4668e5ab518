import NIOCore

/// The leased responses of one event loop by the paths that they answer, as the paths were sent.
///
/// A part is asked for by every listener: to find it here costs one look-up, and neither a string nor a lock. Whoever
/// leased it decides how long a path stands for it.
struct HTTPKeptResponses {
    /// Paths at a time: those of a live window are some 350 a rendition.
    static let maximumCount = 8192

    final class Kept {
        let response: HTTPResponse
        fileprivate let lease: HTTPLease
        /// The body once more, if it is large and often asked for.
        fileprivate(set) var file: HTTPBodyFile?
        private var uses = 0

        fileprivate init(_ response: HTTPResponse, _ lease: HTTPLease) {
            self.response = response
            self.lease = lease
        }

        /// Whether a file is worth making now.
        fileprivate func countUse() -> Bool {
            guard uses < HTTPBodyFile.minimumUses else { return false }
            uses += 1
            return uses == HTTPBodyFile.minimumUses && response.storage.compressed == nil
                && (HTTPBodyFile.minimumSize...HTTPBodyFile.maximumSize)
                    .contains(response.storage.identity.body.readableBytes)
        }
    }

    private var byPath: [ByteBufferView: Kept] = [:]

    /// What is there for a request that only names a path.
    func response(for head: borrowing HTTPRequestHead) -> Kept? {
        guard !byPath.isEmpty, head.namesOnlyAPath, let kept = byPath[head.rawPath], kept.lease.isValid else {
            return nil
        }
        kept.lease.noteUse()
        if kept.countUse() { makeFile(of: kept) }
        return kept
    }

    /// Where too many others have one, it stays without.
    private func makeFile(of kept: Kept) {
        guard byPath.values.count(where: { $0.file != nil }) < HTTPBodyFile.maximumCount else { return }
        kept.file = HTTPBodyFile(kept.response.storage.identity.body)
    }

    mutating func keep(_ response: HTTPResponse, _ lease: HTTPLease, for head: HTTPRequestHead) {
        guard head.namesOnlyAPath, lease.isValid else { return }
        if byPath.count >= Self.maximumCount {
            removeRevoked()
            if byPath.count >= Self.maximumCount { byPath.removeAll(keepingCapacity: true) }
        }
        // A copy: the path's own bytes lie in what the connection read.
        byPath[ByteBuffer(bytes: head.rawPath).readableBytesView] = Kept(response, lease)
    }

    /// Lets go of what is not given out any more, so that its bytes do not stay.
    mutating func removeRevoked() {
        for (path, kept) in byPath where !kept.lease.isValid { byPath[path] = nil }
    }

    var count: Int { byPath.count }
}

extension HTTPRequestHead {
    fileprivate var namesOnlyAPath: Bool { isPlainRead && queryStart == pathEnd }
}
