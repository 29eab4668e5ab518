import CPostgreSQL

/// What a statement came to.
struct StatementResult {
    /// How many rows it inserted, updated, deleted or yielded.
    let count: Int
    /// Such as `COMMIT`.
    let tag: String
    let rows: [SQLRow]

    static let none = StatementResult(count: 0, tag: "", rows: [])

    private init(count: Int, tag: String, rows: [SQLRow]) {
        self.count = count
        self.tag = tag
        self.rows = rows
    }

    /// Copies everything out of libpq's result, which stays the caller's.
    /// - Throws: ``SQLError/Code/unexpectedResult`` for a value that is not what its type says.
    init(_ result: OpaquePointer) throws(SQLError) {
        count = Int(String(cString: PQcmdTuples(result))) ?? 0
        tag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
        let fields = 0..<PQnfields(result)
        let columns = fields.map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
        let types = fields.map { PQftype(result, $0) }
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(PQntuples(result)))
        for row in 0..<PQntuples(result) {
            var values: [SQLValue] = []
            values.reserveCapacity(columns.count)
            for field in fields { values.append(try Self.value(result, row, field, types[Int(field)])) }
            rows.append(SQLRow(columns: columns, values: values))
        }
        self.rows = rows
    }

    private static func value(
        _ result: OpaquePointer, _ row: Int32, _ field: Int32, _ type: UInt32
    ) throws(SQLError) -> SQLValue {
        guard PQgetisnull(result, row, field) == 0, let start = PQgetvalue(result, row, field) else { return .null }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, field)))
        guard let value = SQLValue(bytes, type: type) else {
            throw SQLError(.unexpectedResult, "the server sent what is no value of type \(type)")
        }
        return value
    }
}

extension SQLValue {
    /// A value in PostgreSQL's text format.
    init?(_ bytes: UnsafeRawBufferPointer, type: UInt32) {
        typealias TypeID = EncodedValues.TypeID
        switch type {
        case TypeID.boolean: self = .integer(bytes.first == UInt8(ascii: "t") ? 1 : 0)
        case TypeID.int2, TypeID.int4, TypeID.int8, TypeID.oid:
            guard let number = Int64(String(decoding: bytes, as: UTF8.self)) else { return nil }
            self = .integer(number)
        case TypeID.float4, TypeID.float8:
            guard let number = Double(String(decoding: bytes, as: UTF8.self)) else { return nil }
            self = .real(number)
        case TypeID.numeric:
            // What sums of whole numbers are here; SQLite's stay whole.
            let text = String(decoding: bytes, as: UTF8.self)
            if let whole = Int64(text) {
                self = .integer(whole)
            } else {
                guard let number = Double(text) else { return nil }
                self = .real(number)
            }
        case TypeID.bytes:
            guard let blob = Self.bytes(fromHexadecimal: bytes) else { return nil }
            self = .blob(blob)
        default: self = .text(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// `\x` and two digits a byte (`bytea_output = hex`, manual §8.4).
    private static func bytes(fromHexadecimal text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count >= 2, text.count.isMultiple(of: 2), text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x")
        else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2 - 1)
        for index in stride(from: 2, to: text.count, by: 2) {
            guard let high = digit(text[index]), let low = digit(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
