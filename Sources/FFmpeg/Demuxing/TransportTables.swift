import AudioTimeline

/// What the tables of a transport stream say (ISO/IEC 13818-1 §2.4.4): programs, and the streams that each of them has.
struct TransportTables {
    /// An elementary stream that we can play.
    struct Stream: Equatable {
        var identifier: Int
        var kind: Kind
    }

    enum Kind: Equatable {
        case mpegAudio
        case adts
        case latm
        case ac3
        case eac3
        /// With the descriptors that tell its channels.
        case opus([UInt8])
    }

    private struct Program {
        var mapIdentifier: Int
        /// `nil` until its map came.
        var streams: [Stream]?
        var others: Set<Int> = []
        var refusal: UndecodableAudio?
    }

    private var programs: [Int: Program] = [:]
    private static let mostPrograms = 64

    func isProgramMap(_ identifier: Int) -> Bool {
        programs.values.contains { $0.mapIdentifier == identifier }
    }

    /// Whether a program has a stream of that identifier beside its audio.
    func hasOther(_ identifier: Int) -> Bool {
        programs.values.contains { $0.others.contains(identifier) }
    }

    /// The stream to play: the one that was played, as long as it is there, otherwise the first of the first program.
    func choice(before: Stream?) -> Stream? {
        let ordered = programs.sorted { $0.key < $1.key }.flatMap { $0.value.streams ?? [] }
        return ordered.first { $0 == before } ?? ordered.first
    }

    /// Why nothing can be played, once all maps came; `nil` while something may still come.
    var refusal: UndecodableAudio? {
        guard !programs.isEmpty, programs.values.allSatisfy({ $0.streams?.isEmpty ?? false }) else { return nil }
        return programs.sorted { $0.key < $1.key }.lazy.compactMap(\.value.refusal).first
    }

    /// Takes a section of the table that lists the programs.
    mutating func takeAssociations(_ section: [UInt8]) {
        guard section.count >= 12, section[0] == 0, section[5] & 1 == 1 else { return }
        var listed: [Int: Int] = [:]
        for offset in stride(from: 8, to: section.count - 7, by: 4) {
            let number = Int(section[offset]) << 8 | Int(section[offset + 1])
            // 0 is the network's own table.
            if number > 0 { listed[number] = Self.identifier(section, offset + 2) }
        }
        // One of several sections lists some of the programs.
        if section[7] == 0 { programs = programs.filter { listed[$0.key] == $0.value.mapIdentifier } }
        for (number, identifier) in listed where programs[number]?.mapIdentifier != identifier {
            guard programs.count < Self.mostPrograms else { return }
            programs[number] = Program(mapIdentifier: identifier)
        }
    }

    /// Takes a section of the table that lists a program's streams.
    mutating func takeMap(_ section: [UInt8]) {
        guard section.count >= 16, section[0] == 2, section[5] & 1 == 1 else { return }
        let number = Int(section[3]) << 8 | Int(section[4])
        guard var program = programs[number] else { return }
        let end = section.count - 4
        let infoEnd = 12 + Self.length(section, 10)
        guard infoEnd <= end else { return }
        let isBluRay = TransportDescriptors(section[12..<infoEnd]).registration == "HDMV"
        program.streams = []
        program.others = []
        program.refusal = nil
        var offset = infoEnd
        while offset + 5 <= end {
            let identifier = Self.identifier(section, offset + 1)
            let next = offset + 5 + Self.length(section, offset + 3)
            guard next <= end else { break }
            let descriptors = TransportDescriptors(section[(offset + 5)..<next])
            switch TransportStreamKind(type: section[offset], descriptors, isBluRay: isBluRay) {
            case .audio(let kind): program.streams?.append(Stream(identifier: identifier, kind: kind))
            case .undecodable(let name):
                program.refusal = program.refusal ?? UndecodableAudio(name)
                program.others.insert(identifier)
            case .other: program.others.insert(identifier)
            }
            offset = next
        }
        programs[number] = program
    }

    private static func identifier(_ bytes: [UInt8], _ offset: Int) -> Int {
        Int(bytes[offset] & 0x1F) << 8 | Int(bytes[offset + 1])
    }

    private static func length(_ bytes: [UInt8], _ offset: Int) -> Int {
        Int(bytes[offset] & 0x0F) << 8 | Int(bytes[offset + 1])
    }
}

/// The descriptors of a program or of a stream (ISO/IEC 13818-1 §2.6, ETSI EN 300 468 §6).
struct TransportDescriptors {
    private(set) var all: [(tag: UInt8, content: ArraySlice<UInt8>)] = []

    init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let tag = rest.popFirst(), let length = rest.popFirst(), rest.count >= Int(length) {
            all.append((tag, rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
    }

    func has(_ tag: UInt8) -> Bool { all.contains { $0.tag == tag } }

    /// Tags of the second kind, behind 0x7F.
    func hasExtension(_ tag: UInt8) -> Bool { all.contains { $0.tag == 0x7F && $0.content.first == tag } }

    var registration: String? {
        all.first { $0.tag == 0x05 && $0.content.count >= 4 }.map {
            String(decoding: $0.content.prefix(4), as: UTF8.self)
        }
    }
}

/// What the type of a stream and its descriptors stand for.
enum TransportStreamKind {
    case audio(TransportTables.Kind)
    /// Audio that we cannot play, by its name.
    case undecodable(String)
    case other

    /// - Parameter isBluRay: types from 0x80 on mean what Blu-ray has them mean.
    init(type: UInt8, _ descriptors: TransportDescriptors, isBluRay: Bool) {
        switch (type, isBluRay) {
        case (0x03, _), (0x04, _): self = .audio(.mpegAudio)
        case (0x0F, _): self = .audio(.adts)
        case (0x11, _): self = .audio(.latm)
        case (0x81, _): self = .audio(.ac3)
        case (0x87, _), (0x84, true): self = .audio(.eac3)
        case (0x80, true): self = .undecodable("Uncompressed audio (LPCM)")
        case (0x82, _), (0x85, true), (0x86, true), (0x8A, _): self = .undecodable("DTS")
        case (0x83, true): self = .undecodable("Dolby TrueHD")
        case (0x1C, _): self = .undecodable("AAC without framing in MPEG-TS")
        case (0x2D, _), (0x2E, _): self = .undecodable("MPEG-H 3D Audio")
        case (0xC1, _), (0xC2, _), (0xCF, _): self = .undecodable("Encrypted audio")
        case (0x06, _): self.init(private: descriptors)
        default: self = .other
        }
    }

    private init(private descriptors: TransportDescriptors) {
        switch descriptors.registration {
        case "Opus":
            let known = descriptors.all.filter { [0x05, 0x7F].contains($0.tag) && $0.content.count <= 32 }.prefix(4)
            self = .audio(.opus(known.flatMap { [$0.tag, UInt8($0.content.count)] + $0.content }))
        case "AC-3": self = .audio(.ac3)
        case "EAC3": self = .audio(.eac3)
        case "AC-4": self = .undecodable("AC-4")
        case "DTS1", "DTS2", "DTS3": self = .undecodable("DTS")
        case "BSSD": self = .undecodable("Uncompressed audio (SMPTE 302M)")
        default:
            if descriptors.has(0x6A) {
                self = .audio(.ac3)
            } else if descriptors.has(0x7A) {
                self = .audio(.eac3)
            } else if descriptors.has(0x7B) || descriptors.hasExtension(0x0E) {
                self = .undecodable("DTS")
            } else if descriptors.hasExtension(0x15) {
                self = .undecodable("AC-4")
            } else {
                self = .other
            }
        }
    }
}
