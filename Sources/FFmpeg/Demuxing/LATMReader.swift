import AudioTimeline

/// Takes AAC out of LATM (ISO/IEC 14496-3 §1.7.3), as MPEG-TS and LOAS streams have it: one program of one layer, its
/// set-up in the stream.
struct LATMReader {
    /// What one element holds.
    struct Content: Equatable {
        /// An `AudioSpecificConfig`.
        var setup: [UInt8]
        var units: [[UInt8]]
    }

    private var setup: [UInt8] = []
    private var unitsPerElement = 1
    /// Bits behind the units that are no audio.
    private var isUnderstood = false

    static let headerLength = 3

    /// Bytes of the LOAS frame that `bytes` begin with, with its header (§1.7.2).
    static func frameLength(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= headerLength, bytes[0] == 0x56, bytes[1] & 0xE0 == 0xE0 else { return nil }
        return headerLength + (Int(bytes[1] & 0x1F) << 8 | Int(bytes[2]))
    }

    /// The units of a LOAS frame.
    ///
    /// - Parameter frame: with its header.
    /// - Returns: `nil` before the set-up came, and for damaged frames.
    /// - Throws: for what is well formed and more than one program of one layer.
    mutating func read(_ frame: [UInt8]) throws(FFmpegError) -> Content? {
        guard let length = Self.frameLength(frame), length <= frame.count else { return nil }
        var bits = BitReader(Array(frame[Self.headerLength..<length]))
        guard let isSame = bits.read(1) else { return nil }
        if isSame == 0 {
            isUnderstood = false
            guard try readConfiguration(&bits) else { return nil }
            isUnderstood = true
        }
        guard isUnderstood else { return nil }
        var units: [[UInt8]] = []
        for _ in 0..<unitsPerElement {
            var length = 0
            while true {
                guard let step = bits.read(8) else { return nil }
                length += step
                if step != 255 { break }
            }
            guard let unit = bits.readBytes(length) else { return nil }
            if !unit.isEmpty { units.append(unit) }
        }
        return Content(setup: setup, units: units)
    }

    /// `StreamMuxConfig`.
    private mutating func readConfiguration(_ bits: inout BitReader) throws(FFmpegError) -> Bool {
        guard let version = bits.read(1) else { return false }
        if version == 1 {
            guard let variant = bits.read(1) else { return false }
            guard variant == 0 else { return try refuse(Self.severalPrograms) }
            guard Self.readValue(&bits) != nil else { return false }
        }
        guard let isSameFraming = bits.read(1), let subFrames = bits.read(6), let programs = bits.read(4),
            let layers = bits.read(3)
        else { return false }
        guard isSameFraming == 1, programs == 0, layers == 0 else { return try refuse(Self.severalPrograms) }
        var setupBits: Int?
        if version == 1 {
            guard let length = Self.readValue(&bits) else { return false }
            setupBits = length
        }
        guard let setup = Self.readSetup(&bits, count: setupBits) else { return false }
        guard AudioSpecificConfig(setup) != nil else { return try refuse(AudioSpecificConfig.refusal(of: setup)) }
        guard let kind = bits.read(3) else { return false }
        guard kind == 0 else { return try refuse(Self.severalPrograms) }
        // Buffer fullness; then how much of other data follows each element, which nobody reads, and a checksum.
        guard bits.read(8) != nil else { return false }
        self.setup = setup
        unitsPerElement = subFrames + 1
        guard let hasOther = bits.read(1) else { return false }
        if hasOther == 1 {
            if version == 1 {
                guard Self.readValue(&bits) != nil else { return false }
            } else {
                while true {
                    guard let goesOn = bits.read(1), bits.read(8) != nil else { return false }
                    if goesOn == 0 { break }
                }
            }
        }
        guard let hasChecksum = bits.read(1) else { return false }
        return hasChecksum == 0 || bits.read(8) != nil
    }

    /// The `AudioSpecificConfig`, moved to the beginning of a byte.
    ///
    /// - Parameter count: its length in bits where that is written; otherwise it follows from what it says.
    private static func readSetup(_ bits: inout BitReader, count: Int?) -> [UInt8]? {
        var copy = bits
        guard let length = count ?? setupLength(bits), (1...8 * 256).contains(length), length <= copy.bitsLeft else {
            return nil
        }
        guard bits.skip(length), var setup = copy.readBytes(length / 8) else { return nil }
        let rest = length % 8
        if rest > 0 {
            guard let last = copy.read(rest) else { return nil }
            setup.append(UInt8(truncatingIfNeeded: last << (8 - rest)))
        }
        return setup
    }

    /// How long an `AudioSpecificConfig` without extension is (§1.6.2.1, §4.4.1).
    private static func setupLength(_ start: BitReader) -> Int? {
        var bits = start
        guard var type = bits.readAudioObjectType(), bits.readAudioSampleRate() != nil, let channels = bits.read(4)
        else {
            return nil
        }
        if type == 5 || type == 29 {
            guard bits.readAudioSampleRate() != nil, let core = bits.readAudioObjectType() else { return nil }
            type = core
        }
        // For other types the fields are others; these are refused by their head.
        guard [1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23].contains(type) else { return bits.position - start.position }
        guard bits.read(1) != nil, let dependsOnCore = bits.read(1) else { return nil }
        if dependsOnCore == 1 { guard bits.read(14) != nil else { return nil } }
        guard let isExtended = bits.read(1), channels > 0 else { return nil }
        if type == 6 || type == 20 { guard bits.read(3) != nil else { return nil } }
        if isExtended == 1 {
            if type == 22 { guard bits.read(16) != nil else { return nil } }
            if [17, 19, 20, 23].contains(type) { guard bits.read(3) != nil else { return nil } }
            guard bits.read(1) != nil else { return nil }
        }
        if type >= 17 { guard bits.read(2) != nil else { return nil } }
        return bits.position - start.position
    }

    /// `LatmGetValue`: a number of 1 to 4 bytes.
    private static func readValue(_ bits: inout BitReader) -> Int? {
        guard let count = bits.read(2) else { return nil }
        return bits.read(8 * (count + 1))
    }

    /// Refuses the stream; where others went before, it is damage.
    private func refuse(_ refusal: UndecodableAudio) throws(FFmpegError) -> Bool {
        guard setup.isEmpty else { return false }
        throw FFmpegError(refusal)
    }

    private static let severalPrograms = UndecodableAudio(
        "LATM with several programs or layers", advice: "send one program of AAC")
}
