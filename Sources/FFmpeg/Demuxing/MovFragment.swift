/// A `moof` (ISO/IEC 14496-12 §8.8.4), before anything is allocated for what it announces.
struct MovFragment {
    private(set) var bytes: [UInt8]
    /// The samples of all runs.
    private(set) var sampleCount = 0
    /// Where offsets from the beginning of the file are written.
    private var offsets: [Int] = []

    init(_ bytes: [UInt8], headerLength: Int) {
        self.bytes = bytes
        for track in boxes(headerLength..<bytes.count) where track.kind == "traf" {
            for box in boxes(track.content) {
                // Version and flags, then a track number and the offset in one, a count in the other.
                if box.kind == "tfhd", box.content.count >= 16, bytes[box.content.lowerBound + 3] & 1 == 1 {
                    offsets.append(box.content.lowerBound + 8)
                } else if box.kind == "trun", box.content.count >= 8 {
                    sampleCount &+= Int(integer(box.content.lowerBound + 4, length: 4))
                }
            }
        }
    }

    /// Corrects offsets from the beginning of the file for bytes that were put in or left out before the fragment.
    mutating func move(by distance: Int) {
        guard distance != 0 else { return }
        for offset in offsets {
            let value = integer(offset, length: 8) &+ UInt64(bitPattern: Int64(distance))
            for byte in 0..<8 { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * byte)) }
        }
    }

    private func boxes(_ range: Range<Int>) -> [(kind: String, content: Range<Int>)] {
        var boxes: [(kind: String, content: Range<Int>)] = []
        var offset = range.lowerBound
        while offset + 8 <= range.upperBound {
            let size = Int(integer(offset, length: 4))
            guard size >= 8, size <= range.upperBound - offset else { break }
            boxes.append(
                (String(decoding: bytes[(offset + 4)..<(offset + 8)], as: UTF8.self), offset + 8..<offset + size))
            offset += size
        }
        return boxes
    }

    private func integer(_ offset: Int, length: Int) -> UInt64 {
        bytes[offset..<(offset + length)].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
