import NIOCore

/// Walks over the packets of a transport stream (ISO/IEC 13818-1 §2.4.3), lets through those of one stream of audio, behind
/// tables that name nothing else, and begins anew where the tables name another: encoders give the audio another identifier
/// with every programme.
final class TransportLinks: LinkSource {
    static let packetLength = 188

    private let window: InputWindow
    private var tables = TransportTables()
    private var sections: [Int: TransportSection] = [:]
    private var stream: TransportTables.Stream?
    private var output = ByteBuffer()
    private var isInSync = false
    private(set) var hasNext = false
    let nextIsNew = false

    private static let nothing = 0x1FFF
    private static let mostTables = 128

    init(_ window: InputWindow) {
        self.window = window
    }

    func advance() {
        hasNext = false
        writeTables()
    }

    func read(atMost count: Int) throws(FFmpegError) -> ByteBuffer? {
        while true {
            if let bytes = output.readSlice(length: min(count, output.readableBytes)), bytes.readableBytes > 0 {
                return bytes
            }
            guard !hasNext, try window.fill(Self.packetLength) else { return nil }
            try takePacket()
        }
    }

    private func takePacket() throws(FFmpegError) {
        guard window[0] == 0x47, try isConfirmed() else {
            isInSync = false
            window.drop(window.firstIndex(of: 0x47, from: 1) ?? window.count)
            return
        }
        isInSync = true
        let identifier = Int(window[1] & 0x1F) << 8 | Int(window[2])
        if identifier == 0 || tables.isProgramMap(identifier) {
            let packet = window.bytes(0..<Self.packetLength)
            window.drop(Self.packetLength)
            try takeTable(identifier, packet)
        } else if identifier == stream?.identifier {
            output.writeBytes(window.bytes(0..<Self.packetLength))
            window.drop(Self.packetLength)
        } else {
            window.drop(Self.packetLength)
            // Video may be as much as it likes, and so may padding up to a constant rate.
            if tables.hasOther(identifier) || identifier == Self.nothing && stream != nil {
                try window.excuse(Self.packetLength)
            }
        }
    }

    /// After rubbish two packets in a row are needed.
    private func isConfirmed() throws(FFmpegError) -> Bool {
        if isInSync { return true }
        return try !window.fill(Self.packetLength + 1) || window[Self.packetLength] == 0x47
    }

    private func takeTable(_ identifier: Int, _ packet: [UInt8]) throws(FFmpegError) {
        guard sections.count < Self.mostTables || sections[identifier] != nil else { return }
        let complete = sections[identifier, default: TransportSection()].add(packet)
        guard !complete.isEmpty else { return }
        for section in complete {
            if identifier == 0 { tables.takeAssociations(section) } else { tables.takeMap(section) }
        }
        sections = sections.filter { $0.key == 0 || tables.isProgramMap($0.key) }
        let next = tables.choice(before: stream)
        // A table without audio may be followed by one with it; what was played goes on until then.
        guard let next else {
            if let refusal = tables.refusal { throw FFmpegError(refusal) }
            return
        }
        guard next != stream else { return }
        let isFirst = stream == nil
        stream = next
        if isFirst { writeTables() } else { hasNext = true }
    }

    private func writeTables() {
        if let stream { output.writeBytes(TransportTablesOfOne(stream: stream).packets) }
    }
}
