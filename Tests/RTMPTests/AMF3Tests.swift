import NIOCore
import Testing

@testable import RTMP

@Suite struct AMF3Tests {
    private static func values(_ bytes: [UInt8]) throws(AMFError) -> [AMFValue] {
        var reader = AMF0Reader(ByteBuffer(bytes: bytes))
        var values: [AMFValue] = []
        while let value = try reader.next() { values.append(value) }
        return values
    }

    /// Each value is followed by an AMF0 null: the switch holds for one value, and its end must be found.
    @Test(
        arguments: [
            ([0x00], AMFValue.undefined), ([0x01], .null), ([0x02], .boolean(false)), ([0x03], .boolean(true)),
            ([0x04, 0x7F], .number(127)), ([0x04, 0x81, 0x00], .number(128)),
            ([0x04, 0x81, 0x80, 0x00], .number(16384)),
            ([0x04, 0xFF, 0xFF, 0xFF, 0xFF], .number(-1)), ([0x04, 0xC0, 0x80, 0x80, 0x00], .number(-268_435_456)),
            ([0x05, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0], .number(1)), ([0x06, 0x05, 0x61, 0x62], .string("ab")),
            ([0x06, 0x00], .opaque), ([0x07, 0x03, 0x61], .opaque), ([0x0B, 0x03, 0x61], .opaque),
            ([0x08, 0x01, 0, 0, 0, 0, 0, 0, 0, 0], .opaque), ([0x08, 0x02], .opaque),
            ([0x09, 0x05, 0x03, 0x61, 0x04, 1, 0x01, 0x01, 0x02], .opaque), ([0x0C, 0x05, 9, 9], .opaque),
            ([0x0A, 0x23, 0x03, 0x43, 0x03, 0x61, 0x03, 0x62, 0x01, 0x04, 5], .opaque),
            ([0x0A, 0x0B, 0x01, 0x03, 0x61, 0x06, 0x03, 0x62, 0x01], .opaque), ([0x0A, 0x02], .opaque),
            ([0x0D, 0x03, 0, 1, 2, 3, 4], .opaque), ([0x0E, 0x03, 0, 1, 2, 3, 4], .opaque),
            ([0x0F, 0x03, 0, 1, 2, 3, 4, 5, 6, 7, 8], .opaque), ([0x10, 0x05, 0, 0x01, 0x01, 0x02], .opaque),
            ([0x11, 0x03, 0, 0x06, 0x03, 0x61, 0x01], .opaque),
            // An array of two objects, the second of which refers to the traits of the first.
            ([0x09, 0x05, 0x01, 0x0A, 0x13, 0x01, 0x03, 0x61, 0x01, 0x0A, 0x01, 0x04, 7], .opaque),
        ] as [([UInt8], AMFValue)])
    func everyTypeIsReadOrSkipped(bytes: [UInt8], value: AMFValue) throws {
        #expect(try Self.values([0x11] + bytes + [0x05]) == [value, .null])
        for length in 1..<bytes.count {
            #expect(throws: AMFError.truncated) { try Self.values([0x11] + bytes[..<length]) }
        }
    }

    @Test func externalizableObjectsAreRefused() {
        #expect(throws: AMFError.externalizableObject) { try Self.values([0x11, 0x0A, 0x07, 0x03, 0x43, 0x01]) }
    }

    /// Hostile 6: references to traits that were never sent, or to themselves.
    @Test(arguments: [0x01, 0x05, 0x7D] as [UInt8]) func danglingTraitsAreErrors(header: UInt8) {
        #expect(throws: AMFError.danglingReference) { try Self.values([0x11, 0x0A, header]) }
    }

    /// Hostile 6: counts of 2^28 end with the message, or with the count of values.
    @Test(
        arguments: [
            [0x09, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x0A, 0xFF, 0xFF, 0xFF, 0xF3, 0x01],
            [0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1],
            [0x0F, 0xFF, 0xFF, 0xFF, 0xFF, 0], [0x0C, 0xFF, 0xFF, 0xFF, 0xFF], [0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0],
        ] as [[UInt8]])
    func hugeCountsEndWithTheMessage(bytes: [UInt8]) {
        #expect(throws: AMFError.self) { try Self.values([0x11] + bytes + [UInt8](repeating: 1, count: 5000)) }
    }

    /// Values within AMF3 count like all others.
    @Test func valuesAreCountedAcrossTheSwitch() throws {
        let array: [UInt8] = [0x11, 0x09, 0x0B, 0x01] + [UInt8](repeating: 1, count: 5)
        let arrays = [UInt8]([[UInt8]](repeating: array, count: 200).joined())
        #expect(throws: AMFError.tooManyValues(limit: 1024)) { try Self.values(arrays) }
        #expect(try Self.values(Array(arrays.prefix(140 * array.count))).count == 140)
    }

    /// Message types 15 and 17: a selector byte, then AMF0 with AMF3 values in it.
    @Test func commandsInAMF3AreUnderstood() {
        var client = ClientBytes()
        client.handshake()
        client.message(
            id: 3, type: .commandAMF3, stream: 0,
            payload: [0]
                + ClientBytes.amf([
                    .string("connect"), .number(1), .object(["app": .string("live"), "objectEncoding": .number(3)]),
                ]))
        client.message(
            id: 8, type: .commandAMF3, stream: 1,
            payload: [0] + ClientBytes.amf([.string("publish"), .number(0), .null]) + [
                0x11, 0x06, 0x07, 0x4B, 0x45, 0x59,
            ])
        var run = SessionRun()
        run.feed(client.bytes)
        #expect(run.events.last == .publish(PublishRequest(application: "live", streamKey: "KEY")))
        #expect(
            run.answers.first { $0.code == "NetConnection.Connect.Success" }?.command[3].object?["objectEncoding"]
                == .number(0))
        run.feed {
            $0.message(
                id: 4, type: .dataAMF3,
                payload: [0] + ClientBytes.amf([.string("onMetaData"), .object(["title": .string("A")])]))
        }
        #expect(run.events.last == .metadata(StreamMetadata(title: "A")))
    }
}
