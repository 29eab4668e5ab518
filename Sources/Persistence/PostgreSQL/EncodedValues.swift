/// Values as they go to the server: numbers and texts as text, byte strings as they are.
struct EncodedValues {
    /// Object ids of types (`pg_type.dat`).
    enum TypeID {
        static let unspecified: UInt32 = 0
        static let boolean: UInt32 = 16
        static let bytes: UInt32 = 17
        static let int8: UInt32 = 20
        static let int2: UInt32 = 21
        static let int4: UInt32 = 23
        static let text: UInt32 = 25
        static let oid: UInt32 = 26
        static let float4: UInt32 = 700
        static let float8: UInt32 = 701
        static let numeric: UInt32 = 1700
    }

    private(set) var types: [UInt32] = []
    private var bytes: [UInt8] = []
    /// Where each value lies in `bytes`; nil for NULL.
    private var ranges: [Range<Int>?] = []
    private var formats: [Int32] = []

    /// - Throws: ``SQLError/Code/invalidText``.
    init(_ values: [SQLValue]) throws(SQLError) {
        for value in values {
            switch value {
            case .null: append(nil as [UInt8]?, TypeID.unspecified)
            case .integer(let number): append(Array(String(number).utf8), TypeID.int8)
            case .real(let number): append(Array(Self.text(of: number).utf8), TypeID.float8)
            case .text(let text):
                guard !text.utf8.contains(0) else { throw SQLError.textWithNUL }
                append(Array(text.utf8), TypeID.text)
            case .blob(let blob): append(blob, TypeID.bytes, isBinary: true)
            }
        }
    }

    var count: Int { types.count }

    /// The same types, but that of whole numbers left to the server.
    var typesWithoutIntegers: [UInt32] { types.map { $0 == TypeID.int8 ? TypeID.unspecified : $0 } }

    private mutating func append(_ value: [UInt8]?, _ type: UInt32, isBinary: Bool = false) {
        types.append(type)
        formats.append(isBinary ? 1 : 0)
        guard let value else { return ranges.append(nil) }
        ranges.append(bytes.count..<(bytes.count + value.count))
        bytes += value
        // Texts end with a NUL for libpq.
        bytes.append(0)
    }

    private static func text(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return String(number)
    }

    /// The three arrays that libpq takes: values, lengths, formats.
    func withPointers<T>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) -> T
    ) -> T {
        // One more than there are, so that no array is empty and without a base.
        let lengths = ranges.map { Int32(clamping: $0?.count ?? 0) } + [0]
        let formats = formats + [0]
        return (bytes + [0]).withUnsafeBytes { raw in
            let pointers: [UnsafePointer<CChar>?] =
                ranges.map { range in
                    range.flatMap { raw.baseAddress?.advanced(by: $0.lowerBound).assumingMemoryBound(to: CChar.self) }
                } + [nil]
            return body(pointers, lengths, formats)
        }
    }
}
