import NIOCore

/// One page of Ogg (RFC 3533 §6).
struct OggPage {
    let isContinued: Bool
    let isFirst: Bool
    let isLast: Bool
    /// The position at the end of the last packet that ends in the page; −1 when none does.
    let granule: Int64
    let serial: UInt32
    let sequence: UInt32
    /// The lengths of the page's segments; one below 255 ends a packet.
    let segments: [UInt8]
    var body: ByteBuffer

    /// Bytes of the whole page.
    var length: Int { Self.headerLength + segments.count + body.readableBytes }

    static let headerLength = 27
}

/// Finds the pages of an Ogg stream; damaged ones are passed over.
final class OggPageReader {
    private let window: InputWindow

    init(_ window: InputWindow) {
        self.window = window
    }

    func next() throws(FFmpegError) -> OggPage? {
        while true {
            guard try window.fill(OggPage.headerLength) else { return nil }
            guard window.starts(with: "OggS"), window[4] == 0 else {
                resynchronise()
                continue
            }
            let headerLength = OggPage.headerLength + Int(window[26])
            guard try window.fill(headerLength) else { return nil }
            let segments = window.bytes(OggPage.headerLength..<headerLength)
            let length = headerLength + segments.reduce(0) { $0 + Int($1) }
            guard try window.fill(length) else { return nil }
            guard checksum(length) == window.integer(at: 22, as: UInt32.self, endianness: .little) else {
                resynchronise()
                continue
            }
            let flags = window[5]
            let granule = window.integer(at: 6, as: Int64.self, endianness: .little)
            let serial = window.integer(at: 14, as: UInt32.self, endianness: .little)
            let sequence = window.integer(at: 18, as: UInt32.self, endianness: .little)
            window.drop(headerLength)
            return OggPage(
                isContinued: flags & 1 != 0, isFirst: flags & 2 != 0, isLast: flags & 4 != 0, granule: granule,
                serial: serial, sequence: sequence, segments: segments, body: window.take(length - headerLength))
        }
    }

    private func checksum(_ length: Int) -> UInt32 {
        window.withBytes(length) { bytes in
            var sum = Checksum.oggPage(UnsafeRawBufferPointer(rebasing: bytes[..<22]))
            sum = withUnsafeBytes(of: UInt32(0)) { Checksum.oggPage($0, after: sum) }
            return Checksum.oggPage(UnsafeRawBufferPointer(rebasing: bytes[26...]), after: sum)
        }
    }

    private func resynchronise() {
        window.drop(window.firstIndex(of: UInt8(ascii: "O"), from: 1) ?? window.count)
    }
}
