import AudioTimeline

/// The list of channels that AAC carries in the stream when there is no number for it: a `program_config_element`
/// (ISO/IEC 14496-3 §4.4.1.1), as it follows in an `AudioSpecificConfig`, byte-aligned and without its comment.
struct ProgramConfiguration {
    private(set) var bytes: [UInt8] = []

    /// - Parameter block: a raw data block; `nil` unless it begins with the element.
    init?(_ block: [UInt8]) {
        var reader = BitReader(block)
        guard reader.read(3) == 5 else { return nil }
        var bits: [(value: Int, count: Int)] = []
        func copy(_ count: Int) -> Int? {
            guard let value = reader.read(count) else { return nil }
            bits.append((value, count))
            return value
        }
        // Instance tag, object type, rate index.
        guard copy(4) != nil, copy(2) != nil, copy(4) != nil,
            let front = copy(4), let side = copy(4), let back = copy(4), let lowFrequency = copy(2),
            let data = copy(3), let coupling = copy(4)
        else { return nil }
        // Down-mix hints: mono, stereo, matrix.
        for length in [4, 4, 3] {
            guard let isPresent = copy(1) else { return nil }
            if isPresent == 1 { guard copy(length) != nil else { return nil } }
        }
        let elements =
            [Int](repeating: 5, count: front + side + back)
            + [Int](repeating: 4, count: lowFrequency + data) + [Int](repeating: 5, count: coupling)
        for length in elements { guard copy(length) != nil else { return nil } }

        var (value, count) = (UInt64(0), 0)
        for field in bits {
            value = value << UInt64(field.count) | UInt64(field.value)
            count += field.count
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(count - 8)))
                count -= 8
            }
        }
        if count > 0 { bytes.append(UInt8(truncatingIfNeeded: value << UInt64(8 - count))) }
        bytes.append(0)
    }
}
