import Foundation
import NIOCore

@testable import RTMP

/// What encoders send, and the places where they say what time it is.
enum PushBytes {
    /// A file of `Fixtures/audio`, 2.5 s long.
    static func fixture(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(path: "Fixtures/audio").appending(path: name)))
    }

    // MARK: FLV and RTMP

    struct Tag {
        var type: UInt8
        var milliseconds: UInt32
        var body: [UInt8]
    }

    static func tags(ofFLV file: [UInt8]) -> [Tag] {
        var tags: [Tag] = []
        var offset = 13
        while offset + 11 <= file.count {
            let length = integer(file, offset + 1, 3)
            guard offset + 15 + length <= file.count else { break }
            let time = UInt32(integer(file, offset + 4, 3)) | UInt32(file[offset + 7]) << 24
            tags.append(
                Tag(type: file[offset], milliseconds: time, body: Array(file[(offset + 11)..<(offset + 11 + length)])))
            offset += 15 + length
        }
        return tags
    }

    static func flv(_ tags: [Tag]) -> [UInt8] {
        var file: [UInt8] = Array("FLV".utf8) + [1, 4, 0, 0, 0, 9, 0, 0, 0, 0]
        for tag in tags {
            file += [tag.type] + bytes(tag.body.count, 3) + bytes(Int(tag.milliseconds & 0xFF_FFFF), 3)
            file += [UInt8(tag.milliseconds >> 24), 0, 0, 0] + tag.body + bytes(tag.body.count + 11, 4)
        }
        return file
    }

    /// Handshake, publish, and one message a tag.
    static func rtmp(_ tags: [Tag]) -> [UInt8] {
        var bytes: [UInt8] = [3] + [UInt8](repeating: 0, count: 3072)
        bytes += message(2, type: 1, stream: 0, time: 0, Self.bytes(65_536, 4))
        bytes += command(
            .string("connect"), .number(1), .object(["app": .string("live"), "tcUrl": .string("rtmp://host/live")]))
        bytes += command(.string("createStream"), .number(4), .null)
        bytes += command(.string("publish"), .number(5), .null, .string("demo-key"), .string("live"), stream: 1)
        for tag in tags { bytes += message(4, type: tag.type, stream: 1, time: tag.milliseconds, tag.body) }
        return bytes
    }

    private static func command(_ values: AMFValue..., stream: UInt8 = 0) -> [UInt8] {
        var payload = ByteBuffer()
        for value in values { payload.writeAMF0(value) }
        return message(3, type: 20, stream: stream, time: 0, Array(payload.readableBytesView))
    }

    /// A chunk of type 0 with the whole message; later ones are below the chunk size.
    private static func message(
        _ chunkStream: UInt8, type: UInt8, stream: UInt8, time: UInt32, _ payload: [UInt8]
    ) -> [UInt8] {
        let isExtended = time >= 0xFF_FFFF
        var bytes: [UInt8] = [chunkStream]
        bytes += Self.bytes(isExtended ? 0xFF_FFFF : Int(time), 3)
        bytes += Self.bytes(payload.count, 3)
        bytes += [type, stream, 0, 0, 0]
        if isExtended { bytes += Self.bytes(Int(time), 4) }
        return bytes + payload
    }

    /// One-byte tags, each of which gains almost 2^31 ms.
    static func creep(_ count: Int, from first: UInt32 = 0) -> [Tag] {
        (0..<count).map { Tag(type: 8, milliseconds: first &+ 0x7FFF_FFFF &* UInt32($0), body: [0xAF]) }
    }

    // MARK: Ogg

    static func oggPages(_ file: [UInt8]) -> [[UInt8]] {
        var pages: [[UInt8]] = []
        var offset = 0
        while offset + 27 <= file.count, file[offset] == UInt8(ascii: "O") {
            let segments = Int(file[offset + 26])
            guard offset + 27 + segments <= file.count else { break }
            let length =
                27 + segments + file[(offset + 27)..<(offset + 27 + segments)].reduce(0) { $0 + Int($1) }
            guard offset + length <= file.count else { break }
            pages.append(Array(file[offset..<(offset + length)]))
            offset += length
        }
        return pages
    }

    static func setGranule(_ granule: Int64, of page: inout [UInt8]) {
        for byte in 0..<8 { page[6 + byte] = UInt8(truncatingIfNeeded: granule >> Int64(8 * byte)) }
        sign(&page)
    }

    /// Writes the checksum (RFC 3533 §6).
    static func sign(_ page: inout [UInt8]) {
        guard page.count >= 27 else { return }
        for byte in 22..<26 { page[byte] = 0 }
        var sum: UInt32 = 0
        for byte in page { sum = sum << 8 ^ table[Int(sum >> 24) ^ Int(byte)] }
        for byte in 0..<4 { page[22 + byte] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * byte)) }
    }

    private static let table = (0..<256).map { index in
        (0..<8).reduce(UInt32(index) << 24) { sum, _ in sum & 0x8000_0000 != 0 ? sum << 1 ^ 0x04C1_1DB7 : sum << 1 }
    }

    // MARK: Bytes

    static func integer(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        bytes[offset..<(offset + count)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Big-endian.
    static func bytes(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    /// Where `pattern` stands.
    static func offsets(of pattern: [UInt8], in bytes: [UInt8]) -> [Int] {
        guard bytes.count >= pattern.count else { return [] }
        return (0...(bytes.count - pattern.count)).filter { offset in
            bytes[offset] == pattern[0] && bytes[offset..<(offset + pattern.count)].elementsEqual(pattern)
        }
    }
}
