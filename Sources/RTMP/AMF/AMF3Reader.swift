import NIOCore

/// Reads one AMF3 value within AMF0 (AMF 3 §3): plain values as they are, everything else only to get past it.
///
/// Traits are remembered because the length of an object depends on them; objects and strings that are referred to are
/// not, so that references cost nothing and cannot loop.
struct AMF3Reader: Sendable {
    private struct Traits {
        var sealedCount: Int
        var isDynamic: Bool
    }

    private let limits: AMFLimits
    private(set) var valuesLeft: Int
    private var traits: [Traits] = []

    init(limits: AMFLimits, valuesLeft: Int) {
        self.limits = limits
        self.valuesLeft = valuesLeft
    }

    mutating func readValue(_ bytes: inout ByteBuffer, depth: Int) throws(AMFError) -> AMFValue {
        guard depth <= limits.depth else { throw .tooDeep(limit: limits.depth) }
        guard valuesLeft > 0 else { throw .tooManyValues(limit: limits.values) }
        valuesLeft -= 1
        switch try Self.readByte(&bytes) {
        case 0x00: return .undefined
        case 0x01: return .null
        case 0x02: return .boolean(false)
        case 0x03: return .boolean(true)
        case 0x04:
            // 29 bits in two's complement.
            let raw = Int32(bitPattern: try Self.readU29(&bytes) << 3) >> 3
            return .number(Double(raw))
        case 0x05:
            guard let bits = bytes.readInteger(as: UInt64.self) else { throw .truncated }
            return .number(Double(bitPattern: bits))
        case 0x06: return try readString(&bytes).map(AMFValue.string) ?? .opaque
        case 0x07, 0x0B, 0x0C: try skipBlob(&bytes, bytesPerUnit: 1, fixed: 0)
        case 0x08: try skipDate(&bytes)
        case 0x09: try skipArray(&bytes, depth: depth)
        case 0x0A: try skipObject(&bytes, depth: depth)
        case 0x0D, 0x0E: try skipBlob(&bytes, bytesPerUnit: 4, fixed: 1)
        case 0x0F: try skipBlob(&bytes, bytesPerUnit: 8, fixed: 1)
        case 0x10: try skipObjectVector(&bytes, depth: depth)
        case 0x11: try skipDictionary(&bytes, depth: depth)
        case let marker: throw .unknownMarker(marker)
        }
        return .opaque
    }

    /// XML, byte arrays and vectors of numbers: a count, `fixed` bytes, then units of a fixed size.
    private func skipBlob(_ bytes: inout ByteBuffer, bytesPerUnit: Int, fixed: Int) throws(AMFError) {
        guard let count = try Self.readCount(&bytes) else { return }
        try Self.skip(&bytes, byteCount: fixed + count * bytesPerUnit)
    }

    private func skipDate(_ bytes: inout ByteBuffer) throws(AMFError) {
        guard try Self.readCount(&bytes) != nil else { return }
        try Self.skip(&bytes, byteCount: 8)
    }

    private mutating func skipArray(_ bytes: inout ByteBuffer, depth: Int) throws(AMFError) {
        guard let count = try Self.readCount(&bytes) else { return }
        try skipProperties(&bytes, depth: depth)
        for _ in 0..<count { _ = try readValue(&bytes, depth: depth + 1) }
    }

    private mutating func skipObject(_ bytes: inout ByteBuffer, depth: Int) throws(AMFError) {
        guard let header = try Self.readCount(&bytes) else { return }
        let shape = try readTraits(&bytes, header: header)
        for _ in 0..<shape.sealedCount { _ = try readValue(&bytes, depth: depth + 1) }
        if shape.isDynamic { try skipProperties(&bytes, depth: depth) }
    }

    private mutating func readTraits(_ bytes: inout ByteBuffer, header: Int) throws(AMFError) -> Traits {
        guard header & 1 == 1 else {
            let index = header >> 1
            guard index < traits.count else { throw .danglingReference }
            return traits[index]
        }
        guard header & 2 == 0 else { throw .externalizableObject }
        let shape = Traits(sealedCount: header >> 3, isDynamic: header & 4 != 0)
        // The class name, then the names of the sealed members; each takes a byte at least.
        _ = try readString(&bytes)
        for _ in 0..<shape.sealedCount { _ = try readString(&bytes) }
        traits.append(shape)
        return shape
    }

    private mutating func skipObjectVector(_ bytes: inout ByteBuffer, depth: Int) throws(AMFError) {
        guard let count = try Self.readCount(&bytes) else { return }
        try Self.skip(&bytes, byteCount: 1)
        _ = try readString(&bytes)
        for _ in 0..<count { _ = try readValue(&bytes, depth: depth + 1) }
    }

    private mutating func skipDictionary(_ bytes: inout ByteBuffer, depth: Int) throws(AMFError) {
        guard let count = try Self.readCount(&bytes) else { return }
        try Self.skip(&bytes, byteCount: 1)
        for _ in 0..<count {
            _ = try readValue(&bytes, depth: depth + 1)
            _ = try readValue(&bytes, depth: depth + 1)
        }
    }

    /// Names with values up to an empty name.
    private mutating func skipProperties(_ bytes: inout ByteBuffer, depth: Int) throws(AMFError) {
        while try readString(&bytes) != "" { _ = try readValue(&bytes, depth: depth + 1) }
    }

    /// A string; nil for a reference to an earlier one.
    private func readString(_ bytes: inout ByteBuffer) throws(AMFError) -> String? {
        guard let length = try Self.readCount(&bytes) else { return nil }
        guard length <= limits.stringBytes else { throw .stringTooLong(limit: limits.stringBytes) }
        guard let slice = bytes.readSlice(length: length) else { throw .truncated }
        return String(decoding: slice.readableBytesView, as: UTF8.self)
    }

    /// What follows the lowest bit of a U29; nil where that bit is 0, which makes it a reference.
    private static func readCount(_ bytes: inout ByteBuffer) throws(AMFError) -> Int? {
        let value = try readU29(&bytes)
        return value & 1 == 1 ? Int(value >> 1) : nil
    }

    /// 29 bits in one to four bytes (AMF 3 §1.3.1).
    private static func readU29(_ bytes: inout ByteBuffer) throws(AMFError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<3 {
            let byte = try readByte(&bytes)
            value = value << 7 | UInt32(byte & 0x7F)
            if byte & 0x80 == 0 { return value }
        }
        return value << 8 | UInt32(try readByte(&bytes))
    }

    private static func readByte(_ bytes: inout ByteBuffer) throws(AMFError) -> UInt8 {
        guard let byte = bytes.readInteger(as: UInt8.self) else { throw .truncated }
        return byte
    }

    private static func skip(_ bytes: inout ByteBuffer, byteCount: Int) throws(AMFError) {
        guard byteCount <= bytes.readableBytes else { throw .truncated }
        bytes.moveReaderIndex(forwardBy: byteCount)
    }
}
