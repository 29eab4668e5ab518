import Gzip
import NIOCore
import Testing

struct GzipTests {
    @Test func compressedTextComesBack() throws {
        for text in ["", "a", String(repeating: "#EXT-X-PART:DURATION=0.192\n", count: 4000)] {
            let packed = try Gzip.compress(ByteBuffer(string: text))
            #expect(packed.getInteger(at: 0, as: UInt16.self) == 0x1F8B)
            #expect(String(buffer: try Gzip.decompress(packed, limit: 1 << 20)) == text)
            if text.count > 1000 { #expect(packed.readableBytes * 20 < text.utf8.count) }
        }
    }

    @Test func growthIsBounded() throws {
        let packed = try Gzip.compress(ByteBuffer(repeating: 0, count: 1_000_000), level: 9)
        #expect(throws: GzipError.tooLarge) { try Gzip.decompress(packed, limit: 100_000) }
    }

    @Test func damageIsSeen() throws {
        var packed = try Gzip.compress(ByteBuffer(string: "some text that is long enough"))
        #expect(throws: GzipError.malformed) {
            try Gzip.decompress(packed.getSlice(at: 0, length: packed.readableBytes - 4) ?? packed, limit: 1000)
        }
        packed.setInteger(UInt8(0), at: 0)
        #expect(throws: GzipError.malformed) { try Gzip.decompress(packed, limit: 1000) }
    }
}
