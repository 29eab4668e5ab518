import NIOCore

/// A command message taken apart (RTMP 1.0 §7.2).
struct Command: Sendable, Equatable {
    var name: String
    /// Echoed bit by bit; 0 wants no answer. 0 too where it is missing.
    var transaction: Double
    var object: AMFObject?
    var arguments: [AMFValue]

    init(_ payload: ByteBuffer) throws(AMFError) {
        var reader = AMF0Reader(payload)
        guard let name = try reader.next()?.string else { throw .unexpectedType }
        self.name = name
        transaction = try reader.next()?.number ?? 0
        object = try reader.next()?.object
        arguments = []
        while let value = try reader.next() { arguments.append(value) }
    }
}
