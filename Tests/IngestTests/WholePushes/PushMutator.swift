import TestSupport

/// Damages pushes: bytes anywhere, and the fields that say when a packet plays and how long things are.
struct PushMutator {
    var random: SplitMix64

    /// Values at which arithmetic goes wrong.
    private static let extremes: [Int] = [
        0, 1, -1, -2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x100_0000_0000,
        0x80_0000_0000_0000, 0xFF_FFFF_FFFF_FFFF, 0x2000_0000_0000_0000, 0x4000_0000_0000_0000, 4_611_686_018_427_387,
        Int.max, Int.min, 9_223_372_036_854_775, 192_153_584_101_141,
    ]

    mutating func extreme() -> Int { Self.extremes.randomElement(using: &random) ?? 0 }

    mutating func isChosen(oneIn count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

    /// A number of 1 to 8 bytes, of either order, somewhere behind `start`.
    mutating func setField(in bytes: inout [UInt8], from start: Int = 0) {
        let count = [1, 2, 4, 8].randomElement(using: &random) ?? 1
        guard bytes.count >= start + count else { return }
        let offset = Int.random(in: start...(bytes.count - count), using: &random)
        let value = PushBytes.bytes(extreme(), count)
        bytes.replaceSubrange(offset..<(offset + count), with: Bool.random(using: &random) ? value : value.reversed())
    }

    /// Single bytes, fields, and pieces left out, repeated, moved or cut off.
    mutating func damage(_ bytes: inout [UInt8], from start: Int = 0) {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard bytes.count > start + 1 else { return }
            let place = Int.random(in: start..<bytes.count, using: &random)
            let piece = place..<min(bytes.count, place + Int.random(in: 1...400, using: &random))
            switch Int.random(in: 0..<9, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2...4: setField(in: &bytes, from: start)
            case 5: bytes.removeSubrange(piece)
            case 6: bytes.insert(contentsOf: bytes[piece], at: Int.random(in: start...bytes.count, using: &random))
            case 7:
                let noise = piece.map { _ in UInt8.random(in: 0...255, using: &random) }
                bytes.replaceSubrange(piece, with: noise)
            default: if isChosen(oneIn: 6) { bytes.removeLast(bytes.count - place) }
            }
        }
    }

    // MARK: Times of containers

    mutating func ogg(_ file: [UInt8]) -> [UInt8] {
        var pages = PushBytes.oggPages(file)
        let step = Int64(extreme())
        let creeps = isChosen(oneIn: 3)
        for index in pages.indices.dropFirst(2) where creeps || isChosen(oneIn: 3) {
            PushBytes.setGranule(creeps ? Int64(index) &* step : Int64(extreme()), of: &pages[index])
        }
        for index in pages.indices where isChosen(oneIn: 12) {
            damage(&pages[index], from: 4)
            PushBytes.sign(&pages[index])
        }
        return pages.flatMap { $0 }
    }

    mutating func matroska(_ file: [UInt8]) -> [UInt8] {
        var bytes = file
        for offset in PushBytes.offsets(of: [0x1F, 0x43, 0xB6, 0x75], in: file).reversed() {
            guard offset + 30 <= bytes.count,
                let place = (offset + 4..<offset + 20).first(where: { bytes[$0] == 0xE7 })
            else { continue }
            let length = Int(bytes[place + 1] & 0x7F)
            guard length <= 8, !isChosen(oneIn: 3) else { continue }
            // Clusters have no known size to keep: ours are read as elements of their own.
            bytes.replaceSubrange(place..<(place + 2 + length), with: [0xE7, 0x88] + PushBytes.bytes(extreme(), 8))
        }
        return bytes
    }

    mutating func mov(_ file: [UInt8]) -> [UInt8] {
        var bytes = file
        let boxes = ["tfdt", "trun", "tfhd", "mdhd", "mvhd", "elst", "trex", "stts"]
        for box in boxes {
            for offset in PushBytes.offsets(of: Array(box.utf8), in: bytes) where isChosen(oneIn: box == "tfdt" ? 2 : 6)
            {
                let (field, count) = box == "tfdt" ? (8, 8) : (8 + 4 * Int.random(in: 0...3, using: &random), 4)
                guard offset + field + count <= bytes.count else { continue }
                if box == "tfdt" { bytes[offset + 4] = 1 }
                bytes.replaceSubrange(
                    (offset + field)..<(offset + field + count), with: PushBytes.bytes(extreme(), count))
            }
        }
        return bytes
    }

    /// The 33 bits of each time in a transport stream.
    mutating func mpegTS(_ file: [UInt8]) -> [UInt8] {
        var bytes = file
        for offset in PushBytes.offsets(of: [0, 0, 1, 0xC0], in: file) where !isChosen(oneIn: 3) {
            guard offset + 14 <= bytes.count, bytes[offset + 7] & 0x80 != 0 else { continue }
            let time = extreme()
            bytes[offset + 9] = 0x21 | UInt8(truncatingIfNeeded: time >> 29) & 0x0E
            bytes[offset + 10] = UInt8(truncatingIfNeeded: time >> 22)
            bytes[offset + 11] = UInt8(truncatingIfNeeded: time >> 14) | 1
            bytes[offset + 12] = UInt8(truncatingIfNeeded: time >> 7)
            bytes[offset + 13] = UInt8(truncatingIfNeeded: time << 1) | 1
        }
        return bytes
    }

    mutating func tags(_ tags: [PushBytes.Tag]) -> [PushBytes.Tag] {
        var tags = tags
        for index in tags.indices where isChosen(oneIn: 4) {
            tags[index].milliseconds = UInt32(truncatingIfNeeded: extreme())
        }
        for index in tags.indices where isChosen(oneIn: 30) { damage(&tags[index].body) }
        // One in twelve goes as far as numbers reach, and has audio there.
        if isChosen(oneIn: 12), let time = PushBytes.creep(4_600).last?.milliseconds {
            let distance = time &- (tags.first?.milliseconds ?? 0)
            for index in tags.indices { tags[index].milliseconds &+= distance }
            tags = PushBytes.creep(4_600) + tags
        }
        return tags
    }

    /// STREAMINFO's rate and block sizes.
    mutating func flac(_ file: [UInt8]) -> [UInt8] {
        var bytes = file
        guard isChosen(oneIn: 2), bytes.count > 42 else { return bytes }
        let place = Int.random(in: 8..<22, using: &random)
        bytes.replaceSubrange(place..<(place + 4), with: PushBytes.bytes(extreme(), 4))
        return bytes
    }
}
