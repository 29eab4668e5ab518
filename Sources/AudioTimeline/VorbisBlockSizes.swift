/// What counting Vorbis packets needs of the stream's headers: two block sizes, and which mode uses which.
public struct VorbisBlockSizes: Sendable, Equatable {
    public var short: Int32
    public var long: Int32
    /// One flag a mode: whether it uses the long block.
    public var modes: [Bool]

    /// - Parameter setup: the three headers in Xiph lacing.
    public init?(setup: [UInt8]) {
        guard let (identification, setupHeader) = Self.headers(setup), identification.count >= 30 else { return nil }
        short = 1 << Int32(identification[28] & 15)
        long = 1 << Int32(identification[28] >> 4)
        guard (64...8192).contains(short), (64...8192).contains(long), short <= long else { return nil }
        guard let modes = Self.modes(setupHeader) else { return nil }
        self.modes = modes
    }

    /// The block size that the packet's mode asks for; nil for a header packet or a broken one.
    public func blockSize(firstByte: UInt8) -> Int32? {
        guard firstByte & 1 == 0 else { return nil }
        var bits = 0
        while 1 << bits < modes.count { bits += 1 }
        let mode = Int(firstByte >> 1) & (1 << bits - 1)
        return modes.indices.contains(mode) ? (modes[mode] ? long : short) : nil
    }

    private static func headers(_ setup: [UInt8]) -> ([UInt8], [UInt8])? {
        guard setup.first == 2 else { return nil }
        var sizes: [Int] = []
        var index = 1
        while sizes.count < 2 {
            var size = 0
            while true {
                guard index < setup.count else { return nil }
                size += Int(setup[index])
                index += 1
                if setup[index - 1] != 255 { break }
            }
            sizes.append(size)
        }
        guard index + sizes[0] + sizes[1] < setup.count else { return nil }
        return (Array(setup[index..<index + sizes[0]]), Array(setup[(index + sizes[0] + sizes[1])...]))
    }

    /// The modes stand at the very end of the set-up header (Vorbis I §4.2.4), each 41 bits long, after a count.
    /// Reading from the end spares the code books: a mode's window and transform types are always 0, so walking
    /// back as long as they are, and until the count fits, finds the beginning.
    private static func modes(_ header: [UInt8]) -> [Bool]? {
        func bit(_ index: Int) -> Int { Int(header[index >> 3] >> UInt8(index & 7) & 1) }
        func value(_ start: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | bit(start + $1) << $1 }
        }
        guard header.count > 16 else { return nil }
        var end = header.count * 8 - 1
        while end > 0, bit(end) == 0 { end -= 1 }
        // `end` is the framing bit.
        var found: [Bool]?
        var flags: [Bool] = []
        var position = end
        while flags.count < 64, position - 41 - 6 > 56 {
            position -= 41
            guard value(position + 1, 16) == 0, value(position + 17, 16) == 0, value(position + 33, 8) < 64 else {
                break
            }
            flags.insert(bit(position) == 1, at: 0)
            if value(position - 6, 6) + 1 == flags.count { found = flags }
        }
        return found
    }
}
