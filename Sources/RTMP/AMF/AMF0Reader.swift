import AudioTimeline
import NIOCore

/// Reads AMF0 values one after the other (Action Message Format AMF 0).
///
/// Lenient where encoders are known to be: the count of an ECMA array is a hint only, the last object may lack its end
/// marker, and strings need not be valid UTF-8.
struct AMF0Reader: Sendable {
    private var bytes: ByteBuffer
    private let limits: AMFLimits
    private var valuesLeft: Int

    init(_ bytes: ByteBuffer, limits: AMFLimits = AMFLimits()) {
        self.bytes = bytes
        self.limits = limits
        valuesLeft = limits.values
    }

    /// The next value; nil at the end of the message.
    mutating func next() throws(AMFError) -> AMFValue? {
        guard bytes.readableBytes > 0 else { return nil }
        return try readValue(depth: 0)
    }

    private mutating func readValue(depth: Int) throws(AMFError) -> AMFValue {
        guard depth <= limits.depth else { throw .tooDeep(limit: limits.depth) }
        guard valuesLeft > 0 else { throw .tooManyValues(limit: limits.values) }
        valuesLeft -= 1
        switch try read(UInt8.self) {
        case 0: return .number(Double(bitPattern: try read(UInt64.self)))
        case 1: return .boolean(try read(UInt8.self) != 0)
        case 2: return .string(try readString(length: Int(read(UInt16.self))))
        case 3: return .object(try readProperties(depth: depth))
        case 5: return .null
        case 6, 13: return .undefined
        case 7:
            _ = try read(UInt16.self)
            return .opaque
        case 8:
            _ = try read(UInt32.self)
            return .object(try readProperties(depth: depth))
        case 10: return .array(try readStrictArray(depth: depth))
        case 11:
            _ = try read(UInt64.self)
            _ = try read(UInt16.self)
            return .opaque
        case 12, 15: return .string(try readString(length: Int(read(UInt32.self))))
        case 16:
            _ = try readString(length: Int(read(UInt16.self)))
            return .object(try readProperties(depth: depth))
        case 17:
            var reader = AMF3Reader(limits: limits, valuesLeft: valuesLeft)
            defer { valuesLeft = reader.valuesLeft }
            return try reader.readValue(&bytes, depth: depth)
        case let marker: throw .unknownMarker(marker)
        }
    }

    private mutating func readProperties(depth: Int) throws(AMFError) -> AMFObject {
        var object = AMFObject()
        while bytes.readableBytes > 0 {
            let name = try readString(length: Int(read(UInt16.self)))
            if name.isEmpty {
                guard let marker = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else { break }
                if marker == 9 {
                    bytes.moveReaderIndex(forwardBy: 1)
                    break
                }
            }
            object.properties.append(AMFObject.Property(name: name, value: try readValue(depth: depth + 1)))
        }
        return object
    }

    private mutating func readStrictArray(depth: Int) throws(AMFError) -> [AMFValue] {
        var values: [AMFValue] = []
        for _ in 0..<(try read(UInt32.self)) { values.append(try readValue(depth: depth + 1)) }
        return values
    }

    private mutating func readString(length: Int) throws(AMFError) -> String {
        guard length <= limits.stringBytes else { throw .stringTooLong(limit: limits.stringBytes) }
        guard let slice = bytes.readSlice(length: length) else { throw .truncated }
        return String(undeclared: slice.readableBytesView)
    }

    private mutating func read<T: FixedWidthInteger>(_ type: T.Type) throws(AMFError) -> T {
        guard let value = bytes.readInteger(as: type) else { throw .truncated }
        return value
    }
}
