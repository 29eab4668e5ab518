import NIOCore

/// The leased responses of one event loop by the paths that they answer, as the paths were sent.
///
/// A part is asked for by every listener: to find it here costs one look-up, and neither a string nor a lock. Whoever
/// leased it decides how long a path stands for it.
struct HTTPKeptResponses {
    /// Paths at a time: those of a live window are some 350 a rendition.
    static let maximumCount = 8192

    /// So often a response is given out before it is worth a copy of this loop's own.
    static let minimumUses = 4

    /// Bounds what the copies of a loop hold, files included.
    static let maximumBytes = 64 << 20

    final class Kept {
        fileprivate(set) var response: HTTPResponse
        fileprivate let lease: HTTPLease
        /// The body once more, if it is large and often asked for.
        fileprivate(set) var file: HTTPBodyFile?
        /// Bytes of the copies.
        fileprivate var ownBytes = 0
        private var uses = 0

        fileprivate init(_ response: HTTPResponse, _ lease: HTTPLease) {
            self.response = response
            self.lease = lease
        }

        /// Whether copies are worth making now.
        fileprivate func countUse() -> Bool {
            guard uses < HTTPKeptResponses.minimumUses else { return false }
            uses += 1
            return uses == HTTPKeptResponses.minimumUses
        }
    }

    private var byPath: [ByteBufferView: Kept] = [:]

    /// What is there for a request that only names a path.
    func response(for head: borrowing HTTPRequestHead) -> Kept? {
        guard !byPath.isEmpty, head.namesOnlyAPath, let kept = byPath[head.rawPath], kept.lease.isValid else {
            return nil
        }
        kept.lease.noteUse()
        if kept.countUse() { makeCopies(of: kept) }
        return kept
    }

    /// To answer costs some ten reference counts. Where two loops share them, they cost a segment 2 of its 16 µs.
    private func makeCopies(of kept: Kept) {
        let body = kept.response.storage.identity.body
        guard kept.response.byteCount <= HTTPBodyFile.sizes.upperBound else { return }
        let wantsFile = kept.response.storage.compressed == nil && HTTPBodyFile.sizes.contains(body.readableBytes)
        let size = kept.response.byteCount + (wantsFile ? body.readableBytes : 0)
        guard bytesOfCopies + size <= Self.maximumBytes else { return }
        kept.ownBytes = size
        kept.response = HTTPResponse(copying: kept.response)
        // Where too many others have one, it stays without.
        guard wantsFile, byPath.values.count(where: { $0.file != nil }) < HTTPBodyFile.maximumCount else { return }
        kept.file = HTTPBodyFile(body)
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

    var bytesOfCopies: Int { byPath.values.reduce(0) { $0 + $1.ownBytes } }
}

extension HTTPRequestHead {
    fileprivate var namesOnlyAPath: Bool { isPlainRead && queryStart == pathEnd }
}
