import NIOCore

extension HTTPResponse {
    /// Writes the head as this request gets it.
    /// - Parameters:
    ///   - head: an empty buffer.
    ///   - dateLine: `Date: …` with its line end.
    ///   - keepsAlive: whether the connection stays open after this response.
    /// - Returns: the body to be sent behind the head, a view of the shared one; and the status that was sent.
    func write(
        into head: inout ByteBuffer, for request: HTTPRequestHead?, dateLine: ByteBuffer, keepsAlive: Bool
    ) -> (body: ByteBuffer, status: Int) {
        var body: ByteBuffer
        var status = storage.status.code
        if let request, !storage.isUnconditional {
            switch HTTPResponseSelection(self, for: request) {
            case .whole(let representation):
                head.writeImmutableBuffer(representation.head)
                body = representation.body
            case .notModified(let representation):
                head.writeStatusLine(.notModified)
                head.writeImmutableBuffer(representation.fields)
                (body, status) = (ByteBuffer(), 304)
            case .part(let representation, let range):
                head.writeStatusLine(.partialContent)
                head.writeImmutableBuffer(representation.fields)
                head.writeString(
                    "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/"
                        + "\(representation.body.readableBytes)\r\n")
                head.writeContentLength(range.count)
                let start = representation.body.readerIndex + range.lowerBound
                body = representation.body.getSlice(at: start, length: range.count) ?? ByteBuffer()
                status = 206
            case .unsatisfiable(let representation):
                head.writeStatusLine(.rangeNotSatisfiable)
                head.writeImmutableBuffer(representation.fields)
                head.writeString("Content-Range: bytes */\(representation.body.readableBytes)\r\nContent-Length: 0\r\n")
                (body, status) = (ByteBuffer(), 416)
            }
        } else {
            head.writeImmutableBuffer(storage.identity.head)
            body = storage.identity.body
        }
        head.writeImmutableBuffer(dateLine)
        if !keepsAlive {
            head.writeStaticString("Connection: close\r\n\r\n")
        } else if let request, request.version != .http11 {
            head.writeStaticString("Connection: keep-alive\r\n\r\n")
        } else {
            head.writeStaticString("\r\n")
        }
        if let request, request.method == .head { body = ByteBuffer() }
        return (body, status)
    }
}
