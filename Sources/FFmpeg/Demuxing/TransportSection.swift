/// Puts sections of tables together from the packets of one identifier (ISO/IEC 13818-1 §2.4.4), one behind the other.
struct TransportSection {
    private var bytes: [UInt8] = []
    private var isOpen = false

    private static let longest = 3 + 0xFFF

    /// - Parameter packet: 188 bytes.
    /// - Returns: the sections that end in it, whole and with the right checksum.
    mutating func add(_ packet: [UInt8]) -> [[UInt8]] {
        guard var payload = Self.payload(packet) else { return [] }
        var sections: [[UInt8]] = []
        if packet[1] & 0x40 != 0 {
            guard let pointer = payload.popFirst(), payload.count >= Int(pointer) else { return [] }
            if isOpen {
                bytes += payload.prefix(Int(pointer))
                finish(&sections)
            }
            (bytes, isOpen) = (Array(payload.dropFirst(Int(pointer))), true)
        } else if isOpen {
            bytes += payload
        }
        finish(&sections)
        return sections
    }

    private mutating func finish(_ sections: inout [[UInt8]]) {
        while isOpen, bytes.count >= 3 {
            // Stuffing goes on to the end of the packet.
            guard bytes[0] != 0xFF else {
                isOpen = false
                break
            }
            let length = 3 + (Int(bytes[1] & 0x0F) << 8 | Int(bytes[2]))
            guard bytes.count >= length else { break }
            let section = Array(bytes[..<length])
            if Checksum.transportSection(section) == 0 { sections.append(section) }
            bytes.removeFirst(length)
        }
        if !isOpen || bytes.count > Self.longest { (bytes, isOpen) = ([], false) }
    }

    /// What stands behind the header and the adaptation field.
    private static func payload(_ packet: [UInt8]) -> ArraySlice<UInt8>? {
        guard packet.count == TransportLinks.packetLength, packet[3] & 0x10 != 0 else { return nil }
        let start = packet[3] & 0x20 == 0 ? 4 : 5 + Int(packet[4])
        return start < packet.count ? packet[start...] : nil
    }
}

/// Tables of a transport stream that has one program of one stream.
struct TransportTablesOfOne {
    let stream: TransportTables.Stream

    private var mapIdentifier: Int { stream.identifier == 0x1000 ? 0x1001 : 0x1000 }

    /// Packets of 188 bytes, with some behind them that say nothing: libavformat looks at several packets before it believes
    /// that they are of this length.
    var packets: [UInt8] {
        let map = mapIdentifier
        let associations = section([
            0x00, 0xB0, 0x0D, 0, 1, 0xC1, 0, 0, 0, 1, 0xE0 | UInt8(map >> 8), UInt8(map & 0xFF),
        ])
        let (type, descriptors) = typeAndDescriptors
        let high = 0xE0 | UInt8(stream.identifier >> 8 & 0x1F)
        let low = UInt8(stream.identifier & 0xFF)
        let head: [UInt8] = [0x02, 0xB0, UInt8(18 + descriptors.count), 0, 1, 0xC1, 0, 0, high, low, 0xF0, 0]
        let list = [type, high, low, 0xF0, UInt8(descriptors.count)] + descriptors
        return packet(0, associations) + packet(map, section(head + list))
            + [[UInt8]](repeating: packet(0x1FFF, []), count: 8).flatMap { $0 }
    }

    private var typeAndDescriptors: (UInt8, [UInt8]) {
        switch stream.kind {
        case .mpegAudio: (0x03, [])
        case .adts: (0x0F, [])
        case .latm: (0x11, [])
        case .ac3: (0x06, [0x6A, 1, 0])
        case .eac3: (0x06, [0x7A, 1, 0])
        case .opus(let descriptors): (0x06, descriptors)
        }
    }

    private func section(_ bytes: [UInt8]) -> [UInt8] {
        let sum = Checksum.transportSection(bytes)
        return bytes + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32($0))) }
    }

    private func packet(_ identifier: Int, _ section: [UInt8]) -> [UInt8] {
        let start: UInt8 = section.isEmpty ? 0 : 0x40
        let bytes =
            [0x47, start | UInt8(identifier >> 8), UInt8(identifier & 0xFF), 0x10] + (section.isEmpty ? [] : [0])
            + section
        return bytes + [UInt8](repeating: 0xFF, count: TransportLinks.packetLength - bytes.count)
    }
}
