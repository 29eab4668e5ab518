public import NIOCore

/// The parameters of a query or of a form body (`application/x-www-form-urlencoded`), decoded when they are
/// asked for.
public struct HTTPQuery: Sendable, Sequence {
    /// Parameters that count: more than any page sends. Those behind them are as good as absent.
    static let maximumCount = 128

    let bytes: ByteBufferView

    public init(_ bytes: ByteBufferView) {
        self.bytes = bytes
    }

    public init(_ text: String) {
        bytes = ByteBuffer(string: text).readableBytesView
    }

    /// The first value of the parameter; nil where it is absent or its escapes are broken; empty without `=`.
    public subscript(name: String) -> String? {
        var iterator = Iterator(rest: bytes)
        while let (rawName, rawValue) = iterator.nextRaw() {
            if PercentEncoding.decodes(rawName, to: name, plusIsSpace: true) {
                return PercentEncoding.decode(rawValue, plusIsSpace: true)
            }
        }
        return nil
    }

    /// The first value of the parameter as it was sent, for a caller that knows its charset.
    public func rawValue(of name: String) -> ByteBufferView? {
        var iterator = Iterator(rest: bytes)
        while let (rawName, rawValue) = iterator.nextRaw() {
            if rawName.elementsEqual(name.utf8) { return rawValue }
        }
        return nil
    }

    public func makeIterator() -> Iterator { Iterator(rest: bytes) }

    /// All parameters in order; those with broken escapes are left out.
    public struct Iterator: IteratorProtocol {
        var rest: ByteBufferView
        private var count = 0

        init(rest: ByteBufferView) {
            self.rest = rest
        }

        mutating func nextRaw() -> (name: ByteBufferView, value: ByteBufferView)? {
            while !rest.isEmpty, count < HTTPQuery.maximumCount {
                count += 1
                let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
                let pair = rest[rest.startIndex..<end]
                rest = end == rest.endIndex ? rest[end..<end] : rest[(end + 1)...]
                if pair.isEmpty { continue }
                guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else {
                    return (pair, pair[pair.endIndex..<pair.endIndex])
                }
                return (pair[pair.startIndex..<equals], pair[(equals + 1)..<pair.endIndex])
            }
            return nil
        }

        public mutating func next() -> (name: String, value: String)? {
            while let (rawName, rawValue) = nextRaw() {
                if let name = PercentEncoding.decode(rawName, plusIsSpace: true),
                    let value = PercentEncoding.decode(rawValue, plusIsSpace: true)
                {
                    return (name, value)
                }
            }
            return nil
        }
    }
}
