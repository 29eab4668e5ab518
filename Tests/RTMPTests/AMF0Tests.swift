import NIOCore
import Testing

@testable import RTMP

@Suite struct AMF0Tests {
    private static func values(_ bytes: [UInt8], limits: AMFLimits = AMFLimits()) throws(AMFError) -> [AMFValue] {
        var reader = AMF0Reader(ByteBuffer(bytes: bytes), limits: limits)
        var values: [AMFValue] = []
        while let value = try reader.next() { values.append(value) }
        return values
    }

    @Test(
        arguments: [
            ([0x00, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0], AMFValue.number(1)), ([0x01, 1], .boolean(true)),
            ([0x02, 0, 2, 0x61, 0x62], .string("ab")), ([0x05], .null), ([0x06], .undefined), ([0x0D], .undefined),
            ([0x07, 0, 1], .opaque), ([0x0B, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .opaque),
            ([0x0C, 0, 0, 0, 1, 0x61], .string("a")), ([0x0F, 0, 0, 0, 1, 0x61], .string("a")),
            ([0x03, 0, 1, 0x61, 0x05, 0, 0, 9], .object(["a": .null])),
            ([0x08, 0, 0, 0, 0, 0, 1, 0x61, 0x05, 0, 0, 9], .object(["a": .null])),
            ([0x08, 0, 0, 0, 20, 0, 0, 9], .object([:])), ([0x0A, 0, 0, 0, 2, 5, 6], .array([.null, .undefined])),
            ([0x10, 0, 1, 0x43, 0, 1, 0x61, 0x05, 0, 0, 9], .object(["a": .null])),
        ] as [([UInt8], AMFValue)])
    func everyTypeIsRead(bytes: [UInt8], value: AMFValue) throws {
        #expect(try Self.values(bytes) == [value])
        #expect(try Self.values(bytes + [0x05]) == [value, .null])
        for length in 1..<bytes.count {
            // Cut off anywhere: an error, or an object that lacks its end marker.
            _ = try? Self.values(Array(bytes[..<length]))
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        let value = AMFValue.object([
            "number": .number(-0.5), "text": .string("é\u{0}"), "long": .string(String(repeating: "x", count: 65_536)),
            "list": .array([.boolean(false), .null, .undefined, .object([:])]), "": .number(1),
        ])
        #expect(try Self.values(ClientBytes.amf([value])) == [value])
    }

    /// Some encoders leave out the end marker, and empty names occur.
    @Test func objectsMayEndWithTheMessage() throws {
        #expect(try Self.values([0x03, 0, 1, 0x61, 0x05]) == [.object(["a": .null])])
        #expect(try Self.values([0x03, 0, 1, 0x61, 0x05, 0, 0]) == [.object(["a": .null])])
        #expect(try Self.values([0x03, 0, 0, 0x05, 0, 1, 0x61, 0x05]) == [.object(["": .null, "a": .null])])
    }

    @Test(
        arguments: [
            [0x00, 1, 2], [0x01], [0x02, 0, 5, 0x61], [0x02, 0], [0x03, 0, 5, 0x61], [0x03, 0], [0x0B, 0],
            [0x0A, 0, 0],
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 5, 5], [0x0C, 0, 0, 0xFF, 0], [0x10, 0, 9], [0x03, 0, 1, 0x61],
        ] as [[UInt8]])
    func truncatedValuesAreErrors(bytes: [UInt8]) {
        #expect(throws: AMFError.truncated) { try Self.values(bytes) }
    }

    @Test(arguments: [4, 9, 14, 18, 255] as [UInt8]) func unknownTypesAreErrors(marker: UInt8) {
        #expect(throws: AMFError.unknownMarker(marker)) { try Self.values([marker]) }
    }

    /// Hostile 6: 70 000 levels.
    @Test(
        arguments: [[0x03, 0, 1, 0x61], [0x0A, 0, 0, 0, 1], [0x08, 0, 0, 0, 0, 0, 1, 0x61], [0x11, 0x09, 3, 1]]
            as [[UInt8]])
    func nestingIsBounded(level: [UInt8]) {
        let nested = [UInt8]([[UInt8]](repeating: level, count: 70_000).joined())
        #expect(throws: AMFError.self) { try Self.values(nested) }
    }

    @Test func sixteenLevelsAreAllowed() throws {
        let level: [UInt8] = [0x0A, 0, 0, 0, 1]
        let nested = [UInt8]([[UInt8]](repeating: level, count: 16).joined()) + [5]
        #expect(try Self.values(nested).count == 1)
        #expect(throws: AMFError.tooDeep(limit: 16)) { try Self.values(level + nested) }
    }

    /// Hostile 6: an array of 2^32−1 nulls costs a byte each, and is counted.
    @Test func valuesAreCounted() throws {
        let nulls = [UInt8](repeating: 5, count: 1100)
        #expect(try Self.values(Array(nulls[..<1024])).count == 1024)
        #expect(throws: AMFError.tooManyValues(limit: 1024)) { try Self.values(nulls) }
        #expect(throws: AMFError.tooManyValues(limit: 1024)) {
            try Self.values([0x0A, 0xFF, 0xFF, 0xFF, 0xFF] + nulls)
        }
    }

    @Test func stringsAreBounded() {
        #expect(throws: AMFError.stringTooLong(limit: 65536)) {
            try Self.values([0x0C, 0, 1, 0, 1] + [UInt8](repeating: 0x61, count: 65537))
        }
    }

    @Test func stringsNeedNotBeUTF8() throws {
        #expect(try Self.values([0x02, 0, 3, 0x61, 0xFF, 0x00]) == [.string("a\u{FF}\u{0}")])
    }

    /// Names are compared as bytes: the Kelvin sign is canonically equivalent to K.
    @Test func namesAreComparedAsBytes() {
        let object: AMFObject = ["\u{212A}": .null, "K": .number(1)]
        #expect(object["K"] == .number(1))
    }

    @Test func numbersKeepTheirBits() throws {
        for bits in [0x7FF8_0000_DEAD_BEEF, 0xFFF0_0000_0000_0000, 0x8000_0000_0000_0000] as [UInt64] {
            let bytes = ClientBytes.amf([.number(Double(bitPattern: bits))])
            #expect(try Self.values(bytes).first?.number?.bitPattern == bits)
        }
    }
}
