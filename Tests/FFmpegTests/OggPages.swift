import TestSupport

/// Takes a file of Ogg apart and writes it again with other tags.
struct OggPages {
    private(set) var pages: [[UInt8]] = []

    init(_ file: [UInt8]) {
        var offset = 0
        while offset + 27 <= file.count {
            let segmentCount = Int(file[offset + 26])
            let body = file[(offset + 27)..<(offset + 27 + segmentCount)].reduce(0) { $0 + Int($1) }
            let end = offset + 27 + segmentCount + body
            pages.append(Array(file[offset..<end]))
            offset = end
        }
    }

    var bytes: [UInt8] { pages.flatMap { $0 } }

    /// Puts another packet in place of the second page, on as many pages as it needs.
    mutating func replaceTags(with packet: [UInt8]) {
        pages.remove(at: 1)
        insert(packet: packet, behind: 0)
    }

    /// Puts a packet behind a page, on pages of its own.
    mutating func insert(packet: [UInt8], behind index: Int) {
        let serial = Array(pages[0][14..<18])
        var segments = [UInt8](repeating: 255, count: packet.count / 255) + [UInt8(packet.count % 255)]
        var rest = packet[...]
        var written: [[UInt8]] = []
        while !segments.isEmpty {
            let table = Array(segments.prefix(255))
            segments.removeFirst(table.count)
            let body = rest.prefix(table.reduce(0) { $0 + Int($1) })
            rest = rest.dropFirst(body.count)
            var page = Array("OggS".utf8) + [0, written.isEmpty ? 0 : 1] + [UInt8](repeating: 0, count: 8) + serial
            page += [UInt8](repeating: 0, count: 8) + [UInt8(table.count)] + table + body
            written.append(page)
        }
        pages.insert(contentsOf: written, at: index + 1)
        number()
    }

    private mutating func number() {
        for index in pages.indices {
            for byte in 0..<4 { pages[index][18 + byte] = UInt8(truncatingIfNeeded: index >> (8 * byte)) }
            Self.sign(&pages[index])
        }
    }

    /// Pages of audio, which have positions.
    var audioPageCount: Int { pages.count { $0[6..<14].contains { $0 != 0 } && $0[6] != 0xFF } }

    /// Leaves the pages before the audio.
    mutating func keepHeaders() {
        pages.removeLast(audioPageCount)
    }

    mutating func appendEmptyEnd() {
        pages.append(
            Array("OggS".utf8) + [0, 4] + [UInt8](repeating: 0, count: 8) + pages[0][14..<18]
                + [UInt8](repeating: 0, count: 9))
        number()
    }

    mutating func setSerial(_ serial: UInt8) {
        for index in pages.indices { set([serial, 0, 0, 0], page: index, at: 14) }
    }

    /// Takes a packet, which is not the first, off a page that holds several.
    mutating func removePacket(_ packet: Int, fromPage index: Int) -> [UInt8] {
        let page = pages[index]
        let table = page[27..<(27 + Int(page[26]))]
        var ends: [(segments: Int, bytes: Int)] = []
        var bytes = 0
        for (number, segment) in table.enumerated() {
            bytes += Int(segment)
            if segment < 255 { ends.append((number + 1, bytes)) }
        }
        let body = 27 + Int(page[26])
        let removed = Array(page[(body + ends[packet - 1].bytes)..<(body + ends[packet].bytes)])
        let kept = ends[packet - 1]
        pages[index] =
            Array(page[..<26]) + [UInt8(kept.segments)] + table.prefix(kept.segments) + page[body..<(body + kept.bytes)]
        return removed
    }

    /// A link of one stream that begins with `packet`, and has one page more.
    static func link(_ packet: [UInt8]) -> [UInt8] {
        (0..<2).flatMap { index in
            var page = Array("OggS".utf8) + [0, index == 0 ? 2 : 4] + [UInt8](repeating: 0, count: 8) + [77, 0, 0, 0]
            page += [UInt8(index), 0, 0, 0, 0, 0, 0, 0, 1, UInt8(packet.count)] + packet
            sign(&page)
            return page
        }
    }

    mutating func set(_ bytes: [UInt8], page: Int, at offset: Int) {
        pages[page].replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        Self.sign(&pages[page])
    }

    /// Moves the positions of all pages of audio.
    mutating func shiftPositions(by distance: Int64) {
        for index in pages.indices {
            let position = (0..<8).reduce(Int64(0)) { $0 | Int64(pages[index][6 + $1]) << (8 * $1) }
            guard position > 0 else { continue }
            set((0..<8).map { UInt8(truncatingIfNeeded: (position + distance) >> (8 * $0)) }, page: index, at: 6)
        }
    }

    /// Writes the checksum (RFC 3533 §6).
    static func sign(_ page: inout [UInt8]) {
        for byte in 22..<26 { page[byte] = 0 }
        var sum: UInt32 = 0
        for byte in page { sum = sum << 8 ^ table[Int(sum >> 24) ^ Int(byte)] }
        for byte in 0..<4 { page[22 + byte] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * byte)) }
    }

    private static let table = (0..<256).map { index in
        (0..<8).reduce(UInt32(index) << 24) { sum, _ in sum & 0x8000_0000 != 0 ? sum << 1 ^ 0x04C1_1DB7 : sum << 1 }
    }

    /// Changes some bytes of one page and makes its checksum right again, so that the damage gets past it.
    mutating func damage(_ generator: inout SplitMix64) {
        let page = Int.random(in: 0..<pages.count, using: &generator)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let limit = Bool.random(using: &generator) ? min(pages[page].count, 100) : pages[page].count
            let place = Int.random(in: 4..<limit, using: &generator)
            pages[page][place] =
                [0, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)]
                .randomElement(using: &generator) ?? 0
        }
        Self.sign(&pages[page])
    }

    static func opusTags(_ list: [String]) -> [UInt8] {
        Array("OpusTags".utf8) + comments(list)
    }

    /// Comments as all codecs have them (Vorbis I §5.2.1).
    static func comments(_ comments: [String]) -> [UInt8] {
        func length(_ count: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }
        return length(4) + "test".utf8 + length(comments.count)
            + comments.flatMap { length($0.utf8.count) + Array($0.utf8) }
    }
}
